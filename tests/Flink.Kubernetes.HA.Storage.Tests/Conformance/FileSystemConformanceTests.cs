using Flink.Kubernetes.HA.Storage.Tests.FileSystem;

namespace Flink.Kubernetes.HA.Storage.Tests.Conformance;

public sealed class FileSystemConformanceTests
{
    [Theory]
    [MemberData(nameof(ConformanceCases.Names), MemberType = typeof(ConformanceCases))]
    public async Task The_file_system_storage_conforms(string name)
    {
        using var folder = new TemporaryFolder();
        await using var harness = new StorageHarness(storageName => new FileSystemStateStorage(new() { RootDirectory = Path.Combine(folder.Path, storageName), CreateRootDirectory = true }));
        await StateStorageConformance.Find(name).RunAsync(harness, TestContext.Current.CancellationToken);

        // Nothing half is left behind either, however the case ended its writes.
        folder.Files.Should().NotContain(path => path.Contains(".unfinished", StringComparison.Ordinal));
    }

    [Theory]
    [MemberData(nameof(ConformanceCases.Names), MemberType = typeof(ConformanceCases))]
    public async Task The_file_system_storage_conforms_without_hard_links(string name)
    {
        using var folder = new TemporaryFolder();
        await using var harness = new StorageHarness(storageName => new FileSystemStateStorage(
            new() { RootDirectory = Path.Combine(folder.Path, storageName), CreateRootDirectory = true },
            new FaultyDisk { OnLink = (_, _) => 1 }));
        await StateStorageConformance.Find(name).RunAsync(harness, TestContext.Current.CancellationToken);
    }
}
