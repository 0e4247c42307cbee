// WiredTiger's handles are tables of functions, some with variable arguments, which Swift cannot call. So: plain
// functions for the few that are needed, with a 64-bit key and bytes as value. Each gives WiredTiger's own code.
#include <stddef.h>
#include <stdint.h>
#include <wiredtiger.h>

static inline int peer_wt_open(const char *folder, const char *config, WT_CONNECTION **connection) {
    return wiredtiger_open(folder, NULL, config, connection);
}

static inline int peer_wt_close(WT_CONNECTION *connection) { return connection->close(connection, NULL); }

static inline int peer_wt_session(WT_CONNECTION *connection, const char *config, WT_SESSION **session) {
    return connection->open_session(connection, NULL, config, session);
}

static inline int peer_wt_end_session(WT_SESSION *session) { return session->close(session, NULL); }

static inline int peer_wt_create(WT_SESSION *session, const char *name, const char *config) {
    return session->create(session, name, config);
}

static inline int peer_wt_cursor(WT_SESSION *session, const char *name, WT_CURSOR **cursor) {
    return session->open_cursor(session, name, NULL, "overwrite=true", cursor);
}

static inline int peer_wt_begin(WT_SESSION *session, const char *config) {
    return session->begin_transaction(session, config);
}

static inline int peer_wt_commit(WT_SESSION *session) { return session->commit_transaction(session, NULL); }

static inline int peer_wt_roll_back(WT_SESSION *session) { return session->rollback_transaction(session, NULL); }

static inline int peer_wt_put(WT_CURSOR *cursor, int64_t key, const void *bytes, size_t count) {
    WT_ITEM value = {.data = bytes, .size = count};
    cursor->set_key(cursor, key);
    cursor->set_value(cursor, &value);
    return cursor->insert(cursor);
}

static inline int peer_wt_remove(WT_CURSOR *cursor, int64_t key) {
    cursor->set_key(cursor, key);
    return cursor->remove(cursor);
}

// The bytes are valid until the cursor is used again.
static inline int peer_wt_get(WT_CURSOR *cursor, int64_t key, const void **bytes, size_t *count) {
    cursor->set_key(cursor, key);
    int code = cursor->search(cursor);
    if (code != 0) return code;
    WT_ITEM value;
    code = cursor->get_value(cursor, &value);
    *bytes = value.data;
    *count = value.size;
    return code;
}

static inline int peer_wt_next(WT_CURSOR *cursor, const void **bytes, size_t *count) {
    int code = cursor->next(cursor);
    if (code != 0) return code;
    WT_ITEM value;
    code = cursor->get_value(cursor, &value);
    *bytes = value.data;
    *count = value.size;
    return code;
}

static inline int peer_wt_reset(WT_CURSOR *cursor) { return cursor->reset(cursor); }
