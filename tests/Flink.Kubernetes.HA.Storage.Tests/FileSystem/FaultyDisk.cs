using Flink.Kubernetes.HA.Storage.FileSystem;

namespace Flink.Kubernetes.HA.Storage.Tests.FileSystem;

/// <summary>The real disk, but for the calls that a test takes over.</summary>
internal sealed class FaultyDisk : DiskCalls
{
    public Func<string, Stream?>? OnCreate { get; init; }

    public Func<string, Stream?>? OnOpenRead { get; init; }

    public Func<string, string, int>? OnLink { get; init; }

    public Func<string, string, int>? OnRename { get; init; }

    public Action<Stream>? OnFlush { get; init; }

    public Action<string>? OnFlushFolder { get; init; }

    public Action<string>? OnCreateFolder { get; init; }

    public Action<string>? OnDelete { get; init; }

    public Action? OnNext { get; init; }

    public int RealLink(string temporary, string path) => base.Link(temporary, path);

    public override Stream Create(string path) => OnCreate?.Invoke(path) ?? base.Create(path);

    public override Stream OpenRead(string path) => OnOpenRead?.Invoke(path) ?? base.OpenRead(path);

    public override void Flush(Stream file)
    {
        OnFlush?.Invoke(file);
        base.Flush(file);
    }

    public override void FlushFolder(string path)
    {
        OnFlushFolder?.Invoke(path);
        base.FlushFolder(path);
    }

    public override void CreateFolder(string path)
    {
        OnCreateFolder?.Invoke(path);
        base.CreateFolder(path);
    }

    public override void Delete(string path)
    {
        OnDelete?.Invoke(path);
        base.Delete(path);
    }

    public override List<FoundFile> Next(FileWalk files, int count)
    {
        OnNext?.Invoke();
        return base.Next(files, count);
    }

    protected override int Link(string temporary, string path) => OnLink is null ? base.Link(temporary, path) : OnLink(temporary, path);

    protected override int Rename(string temporary, string path) => OnRename is null ? base.Rename(temporary, path) : OnRename(temporary, path);
}
