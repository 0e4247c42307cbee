// swift-tools-version: 6.2
import PackageDescription

// libFuzzer over the targets of the parent package. A package of its own, so that nobody who builds SmartStore needs the
// sanitizers. Build and run it with `make fuzz` in the parent's folder, which passes the flags.
let package = Package(
    name: "Fuzz",
    dependencies: [.package(name: "SmartStore", path: "..")],
    targets: [
        .target(name: "CFuzzDriver"),
        .executableTarget(
            name: "smartstore-libfuzzer",
            dependencies: ["CFuzzDriver", .product(name: "SmartStoreFuzzTargets", package: "SmartStore")]),
    ],
    swiftLanguageModes: [.v6]
)
