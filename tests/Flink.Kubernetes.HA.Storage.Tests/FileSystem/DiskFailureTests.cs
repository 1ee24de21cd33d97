namespace Flink.Kubernetes.HA.Storage.Tests.FileSystem;

/// <summary>A full, read-only, missing or failing disk: each has a name and says what to do.</summary>
public sealed class DiskFailureTests : IDisposable
{
    private static readonly StateKey Key = new("cluster/a");
    private readonly TemporaryFolder _folder = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_disk_that_is_full_under_way_is_OutOfSpace_and_nothing_is_left()
    {
        // The kernel's own full disk: every write to it fails.
        var storage = Open(new FaultyDisk { OnCreate = _ => new FileStream("/dev/full", new FileStreamOptions { Mode = FileMode.Open, Access = FileAccess.Write, Share = FileShare.ReadWrite, BufferSize = 0 }) });

        await Failing.AssertAsync(StateStorageFailure.OutOfSpace, () => storage.WriteAsync(Key, [1], Token), "Free space or enlarge the volume");
        _folder.Files.Should().BeEmpty();
    }

    [Theory]
    [InlineData(28, StateStorageFailure.OutOfSpace, "Free space")]
    [InlineData(122, StateStorageFailure.OutOfSpace, "quota")]
    [InlineData(5, StateStorageFailure.Unavailable, "Check the disk")]
    [InlineData(116, StateStorageFailure.Unavailable, "file server")]
    [InlineData(110, StateStorageFailure.Timeout, "file server does not answer")]
    public async Task What_the_disk_says_at_the_flush_is_told_and_nothing_is_left(int error, StateStorageFailure expected, string advice)
    {
        var storage = Open(new FaultyDisk { OnFlush = _ => throw new IOException("as told by the kernel", error) });

        var exception = await Failing.AssertAsync(expected, () => storage.WriteAsync(Key, [1], Token), advice);

        exception.Key.Should().Be(Key);
        exception.Location.Should().Be(Path.Combine(_folder.Path, "cluster", "a"));
        _folder.Files.Should().BeEmpty();
    }

    [Fact]
    public async Task A_read_only_file_system_is_AccessDenied()
    {
        var storage = Open(new FaultyDisk { OnCreateFolder = _ => throw new IOException("Read-only file system", 30) });

        await Failing.AssertAsync(StateStorageFailure.AccessDenied, () => storage.WriteAsync(Key, [1], Token), "mounted read-only");
    }

    [Fact]
    public async Task A_folder_that_may_not_be_written_is_AccessDenied()
    {
        // Not even root can make a folder there.
        var storage = new FileSystemStateStorage(new FileSystemStateStorageOptions { RootDirectory = "/sys" });

        await Failing.AssertAsync(StateStorageFailure.AccessDenied, () => storage.WriteAsync(Key, [1], Token), "/sys");
    }

    [Fact]
    public async Task A_root_that_is_not_there_is_StorageMissing_for_every_call_and_not_an_empty_storage()
    {
        var storage = new FileSystemStateStorage(new FileSystemStateStorageOptions { RootDirectory = Path.Combine(_folder.Path, "not-mounted") });

        await Failing.AssertAsync(StateStorageFailure.StorageMissing, () => storage.WriteAsync(Key, [1], Token), "Mount the volume");
        await Failing.AssertAsync(StateStorageFailure.StorageMissing, () => storage.OpenReadAsync(Key, Token), "Mount the volume");
        await Failing.AssertAsync(StateStorageFailure.StorageMissing, () => storage.DeleteAsync(Key, Token), "Mount the volume");
        await Failing.AssertAsync(StateStorageFailure.StorageMissing, async () => await storage.ListAsync(cancellationToken: Token).ToListAsync(Token), "Mount the volume");
        await Failing.AssertAsync(StateStorageFailure.StorageMissing, async () => await storage.ListAsync("cluster/job/", Token).ToListAsync(Token), "Mount the volume");
        await Failing.AssertAsync(StateStorageFailure.StorageMissing, () => storage.RemoveUnfinishedWritesAsync("", TimeSpan.Zero, Token), "Mount the volume");
        Directory.EnumerateFileSystemEntries(_folder.Path).Should().BeEmpty();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_root_that_is_a_file_is_StorageMissing(bool create)
    {
        var file = Path.Combine(_folder.Path, "file");
        await File.WriteAllTextAsync(file, "x", Token);
        var storage = new FileSystemStateStorage(new FileSystemStateStorageOptions { RootDirectory = file, CreateRootDirectory = create });

        await Failing.AssertAsync(StateStorageFailure.StorageMissing, () => storage.WriteAsync(Key, [1], Token), "is a file");
        await Failing.AssertAsync(StateStorageFailure.StorageMissing, () => storage.OpenReadAsync(Key, Token), "is a file");
    }

    [Fact]
    public async Task A_key_below_data_and_a_key_that_is_a_folder_are_refused()
    {
        var storage = Open(new FaultyDisk());
        await storage.WriteAsync(Key, [1], Token);

        await Failing.AssertAsync(StateStorageFailure.AlreadyExists, () => storage.WriteAsync(new StateKey("cluster/a/b"), [1], Token), "none is a prefix of another");
        await Failing.AssertAsync(StateStorageFailure.AlreadyExists, () => storage.WriteAsync(new StateKey("cluster/a/b/c"), [1], Token), "none is a prefix of another");
        await Failing.AssertAsync(StateStorageFailure.AlreadyExists, () => storage.WriteAsync(new StateKey("cluster"), [1], Token), "none is a prefix of another");
    }

    [Fact]
    public async Task A_folder_that_can_t_be_flushed_leaves_the_outcome_open()
    {
        var storage = Open(new FaultyDisk { OnFlushFolder = _ => throw new IOException("Input/output error", 5) });

        await Failing.AssertAsync(StateStorageFailure.Unavailable, () => storage.WriteAsync(Key, [1], Token), "a power failure may undo it", isOutcomeUnknown: true);
    }

    [Fact]
    public async Task A_delete_that_failed_unclearly_has_an_unknown_outcome_and_one_that_was_denied_has_not()
    {
        await Failing.AssertAsync(StateStorageFailure.Timeout, () => Open(new FaultyDisk { OnDelete = _ => throw new IOException("timed out", 110) }).DeleteAsync(Key, Token), "does not answer", isOutcomeUnknown: true);
        await Failing.AssertAsync(StateStorageFailure.AccessDenied, () => Open(new FaultyDisk { OnDelete = _ => throw new UnauthorizedAccessException("denied") }).DeleteAsync(Key, Token), "fsGroup");
    }

    [Fact]
    public async Task A_disk_that_fails_while_it_is_read_is_Unavailable()
    {
        var storage = Open(new FaultyDisk { OnOpenRead = _ => new BrokenStream() });
        await using var stream = await storage.OpenReadAsync(Key, Token);

        await Failing.AssertAsync(StateStorageFailure.Unavailable, async () => await stream.ReadExactlyAsync(new byte[1], Token), "Check the disk");
    }

    [Theory]
    [InlineData("")]
    [InlineData("relative/path")]
    public void A_root_that_is_no_absolute_path_is_refused(string root)
    {
        var exception = Invoking(() => new FileSystemStateStorage(new FileSystemStateStorageOptions { RootDirectory = root }))
            .Should().ThrowExactly<ArgumentException>().Which;

        exception.Message.Should().Contain("RootDirectory");
    }

    private FileSystemStateStorage Open(FaultyDisk disk) => new(new FileSystemStateStorageOptions { RootDirectory = _folder.Path }, disk);

    private sealed class BrokenStream : MemoryStream
    {
        public override int Read(byte[] buffer, int offset, int count) => throw new IOException("Input/output error", 5);
    }
}
