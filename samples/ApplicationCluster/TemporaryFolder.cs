namespace ApplicationCluster;

/// <summary>A folder for this run only.</summary>
internal sealed class TemporaryFolder : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("application-cluster-").FullName;

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
