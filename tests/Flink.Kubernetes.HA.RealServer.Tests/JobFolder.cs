namespace Flink.Kubernetes.HA.RealServer.Tests;

/// <summary>A folder that all agents of a test share, as they would a volume.</summary>
internal sealed class JobFolder : IDisposable
{
    public JobFolder() => Storage = Open(TimeProvider.System);

    public string Path { get; } = Directory.CreateTempSubdirectory("flink-ha-agents-").FullName;

    public FileSystemStateStorage Storage { get; }

    public FileSystemStateStorage Open(TimeProvider timeProvider) => new(new FileSystemStateStorageOptions { RootDirectory = Path }, timeProvider);

    public async Task<IReadOnlyList<string>> ListAsync(string prefix)
    {
        List<string> keys = [];
        await foreach (var entry in Storage.ListAsync(prefix, TestContext.Current.CancellationToken))
        {
            keys.Add(entry.Key.Value);
        }

        return keys;
    }

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
