using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Flink.Kubernetes.HA.Storage.Tests.FileSystem;

/// <summary>A file server that does not answer: no call waits longer than its limit, and a canceled one not at all.</summary>
[System.Runtime.Versioning.UnsupportedOSPlatform("windows")]
public sealed class HungMountTests : IAsyncDisposable
{
    private static readonly StateKey Key = new("cluster/job/a");
    private readonly TemporaryFolder _folder = new();
    private readonly ManualResetEventSlim _answers = new();
    private int _hanging;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask DisposeAsync()
    {
        _answers.Set();
        await UntilAsync(() =>
        {
            try
            {
                _folder.Dispose();
                return true;
            }
            catch (IOException)
            {
                // A call that has returned late is still at work.
                return false;
            }
        });
    }

    [Theory]
    [InlineData("create")]
    [InlineData("folder")]
    [InlineData("flush")]
    [InlineData("link")]
    [InlineData("flush folder")]
    public async Task A_write_that_hangs_ends_in_time_and_leaves_no_temporary_file_when_the_server_answers_again(string where)
    {
        var storage = Open(Hanging(where), TimeSpan.FromMilliseconds(200));

        foreach (var size in new[] { 1, 1_000_000 })
        {
            await Failing.AssertAsync(
                StateStorageFailure.Timeout, () => storage.WriteAsync(new StateKey($"cluster/job/k{size}"), new byte[size], Token), "did not answer within 0.2 s",
                isOutcomeUnknown: size == 1 || where is "link" or "flush folder" or "flush");
        }

        _answers.Set();
        await UntilAsync(() => !_folder.Files.Any(path => path.EndsWith(".unfinished", StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData("create")]
    [InlineData("flush")]
    [InlineData("link")]
    public async Task A_write_that_hangs_can_be_canceled_at_once(string where)
    {
        var storage = Open(Hanging(where), TimeSpan.FromMinutes(10));
        using var cancel = new CancellationTokenSource();
        var write = storage.WriteAsync(Key, [1], cancel.Token);
        await UntilAsync(() => Volatile.Read(ref _hanging) > 0);
        write.IsCompleted.Should().BeFalse();

        await cancel.CancelAsync();

        await Awaiting(() => write.WaitAsync(TimeSpan.FromSeconds(20), Token)).Should().ThrowAsync<OperationCanceledException>();
    }

    [Fact]
    public async Task Reads_deletes_and_lists_that_hang_end_in_time_and_can_be_canceled()
    {
        await Open(new FaultyDisk(), TimeSpan.FromMinutes(1)).WriteAsync(Key, [1], Token);

        // The kernel's own hang: opening a pipe that nobody writes to does not return.
        Directory.CreateDirectory(Path.Combine(_folder.Path, "pipe"));
        Process.Start("mkfifo", Path.Combine(_folder.Path, "pipe", "a")).WaitForExit();
        var pipe = new StateKey("pipe/a");
        var disk = Hanging("delete", "next", "read");
        var calls = new Func<FileSystemStateStorage, CancellationToken, Task>[]
        {
            (storage, token) => storage.OpenReadAsync(pipe, token),
            async (storage, token) => await (await storage.OpenReadAsync(Key, token)).ReadExactlyAsync(new byte[1], token),
            async (storage, token) => await storage.ListAsync("cluster/", token).ToListAsync(token),
            (storage, token) => storage.RemoveUnfinishedWritesAsync("cluster/", TimeSpan.Zero, token),
        };
        foreach (var call in calls)
        {
            await Failing.AssertAsync(StateStorageFailure.Timeout, () => call(Open(disk, TimeSpan.FromMilliseconds(200)), Token), "Check the file server, the mount");
            using var cancel = new CancellationTokenSource(TimeSpan.FromMilliseconds(100));
            await Awaiting(() => call(Open(disk, TimeSpan.FromMinutes(10)), cancel.Token).WaitAsync(TimeSpan.FromSeconds(20), Token)).Should().ThrowAsync<OperationCanceledException>();
        }

        await Failing.AssertAsync(StateStorageFailure.Timeout, () => Open(disk, TimeSpan.FromMilliseconds(200)).DeleteAsync(Key, Token), "did not answer", isOutcomeUnknown: true);

        // So that the thread that opens it comes back.
        await File.WriteAllTextAsync(Path.Combine(_folder.Path, "pipe", "a"), "x", Token);
    }

    [Fact]
    public async Task Calls_that_never_return_take_no_thread_of_the_pool_and_a_limited_number_of_others()
    {
        var storage = Open(Hanging("read"), TimeSpan.FromMilliseconds(300));
        var calls = Enumerable.Range(0, 40).Select(_ => Record.ExceptionAsync(async () => await storage.OpenReadAsync(Key, Token)).AsTask()).ToList();

        var onPool = await Task.Run(() => 1, Token).WaitAsync(TimeSpan.FromSeconds(5), Token);
        var errors = await Task.WhenAll(calls);

        onPool.Should().Be(1);
        errors.Should().AllBeOfType<StateStorageException>().Which.Should().OnlyContain(error => error.Failure == StateStorageFailure.Timeout);
        errors.Should().Contain(error => error!.Message.Contains("32 earlier calls have not returned either", StringComparison.Ordinal));
        Volatile.Read(ref _hanging).Should().Be(32);
    }

    [Fact]
    public async Task No_file_is_locked_because_a_lock_hangs_where_there_is_no_lock_daemon()
    {
        var storage = Open(new FaultyDisk(), TimeSpan.FromMinutes(1));
        var state = await storage.WriteAsync(Key, new byte[500_000], Token);
        await using var stream = await storage.OpenReadAsync(Key, Token);
        await stream.ReadExactlyAsync(new byte[1], Token);

        // It takes an exclusive lock, which fails where there is another.
        using (new FileStream(Path.Combine(_folder.Path, state.Key.Value), FileMode.Open, FileAccess.ReadWrite, FileShare.None))
        {
        }

        var temporary = string.Empty;
        var content = new ReaderStream(() =>
        {
            temporary = _folder.Files.FirstOrDefault(path => path.EndsWith(".unfinished", StringComparison.Ordinal)) ?? temporary;
            if (temporary.Length > 0)
            {
                using var exclusive = new FileStream(Path.Combine(_folder.Path, temporary), FileMode.Open, FileAccess.ReadWrite, FileShare.None);
            }
        });
        await storage.WriteAsync(new StateKey("cluster/b"), content, progress: null, Token);
        temporary.Should().NotBeEmpty();
    }

    [Fact]
    public async Task Files_are_closed_in_a_child_process()
    {
        var storage = Open(new FaultyDisk(), TimeSpan.FromMinutes(1));
        await storage.WriteAsync(Key, new byte[500_000], Token);
        await using var stream = await storage.OpenReadAsync(Key, Token);
        var flags = Directory.GetFiles("/proc/self/fd").Where(fd => new FileInfo(fd).LinkTarget?.EndsWith("cluster/job/a", StringComparison.Ordinal) == true)
            .Select(fd => File.ReadAllText($"/proc/self/fdinfo/{Path.GetFileName(fd)}").Split('\n').Single(line => line.StartsWith("flags:", StringComparison.Ordinal)).Split('\t')[1]);

        flags.Select(text => Convert.ToInt32(text, 8) & 0x80000).Should().Equal(0x80000);
    }

    [Fact]
    public async Task A_lost_and_found_folder_that_may_not_be_read_is_not_listed_and_any_other_is_named()
    {
        // Root may read all: these threads give that up for their accesses to files.
        var storage = Open(new FaultyDisk { OnNext = () => _ = SetUserOfThread(65534) }, TimeSpan.FromMinutes(1));
        await Open(new FaultyDisk(), TimeSpan.FromMinutes(1)).WriteAsync(Key, [1], Token);
        File.SetUnixFileMode(_folder.Path, (UnixFileMode)0b111_101_101);
        Directory.CreateDirectory(Path.Combine(_folder.Path, "lost+found"), UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        foreach (var prefix in new[] { "", "clu" })
        {
            (await storage.ListAsync(prefix, Token).Select(entry => entry.Key).ToListAsync(Token)).Should().Equal(Key);
        }

        Directory.CreateDirectory(Path.Combine(_folder.Path, "cluster", "lost+found"), UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);

        var exception = await Failing.AssertAsync(StateStorageFailure.AccessDenied, async () => await storage.ListAsync("", Token).ToListAsync(Token), "fsGroup");
        exception.Message.Should().Contain(Path.Combine(_folder.Path, "cluster", "lost+found"));
    }

    [Theory]
    [InlineData("ns/aux/a", true)]
    [InlineData("ns/a/com1.txt", true)]
    [InlineData("NUL", true)]
    [InlineData("ns/auxiliary/com10", false)]
    public void Names_of_devices_of_windows_are_known(string key, bool expected) => WindowsDevices.IsIn(new StateKey(key)).Should().Be(expected);

    [DllImport("libc", EntryPoint = "setfsuid")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int SetUserOfThread(int user);

    private FileSystemStateStorage Open(DiskCalls disk, TimeSpan limit) =>
        new(new FileSystemStateStorageOptions { RootDirectory = _folder.Path, OperationTimeout = limit }, disk);

    private FaultyDisk Hanging(params string[] calls)
    {
        return new FaultyDisk
        {
            OnCreate = _ => Hang<Stream>("create"),
            OnCreateFolder = _ => Hang<object>("folder"),
            OnFlush = _ => Hang<object>("flush"),
            OnFlushFolder = _ => Hang<object>("flush folder"),
            OnLink = (temporary, path) =>
            {
                Hang<object>("link");
                return new FaultyDisk().RealLink(temporary, path);
            },
            OnOpenRead = path => path.Contains("pipe", StringComparison.Ordinal) ? null : calls.Contains("read") && File.Exists(path) ? new HangingStream(() => Hang<object>("read")) : Hang<Stream>("read"),
            OnDelete = _ => Hang<object>("delete"),
            OnNext = () => Hang<object>("next"),
        };

        T? Hang<T>(string call)
            where T : class
        {
            if (calls.Contains(call))
            {
                Interlocked.Increment(ref _hanging);
                _answers.Wait();
            }

            return null;
        }
    }

    private sealed class HangingStream(Action hang) : MemoryStream
    {
        public override int Read(Span<byte> buffer)
        {
            hang();
            return 0;
        }

        public override int Read(byte[] buffer, int offset, int count)
        {
            hang();
            return 0;
        }
    }

    private sealed class ReaderStream(Action look) : MemoryStream(new byte[600_000])
    {
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            look();
            return base.ReadAsync(buffer, cancellationToken);
        }
    }

    private static async Task UntilAsync(Func<bool> condition)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        using var tick = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        while (!condition())
        {
            await tick.WaitForNextTickAsync(limit.Token);
        }
    }
}
