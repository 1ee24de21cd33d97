namespace Flink.Kubernetes.HA.Storage.Tests.FileSystem;

public sealed class FileSystemStateStorageTests : IDisposable
{
    private static readonly StateKey Key = new("cluster/job/a");
    private readonly TemporaryFolder _folder = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_key_is_a_path_below_the_root()
    {
        await Open().WriteAsync(Key, "data"u8.ToArray(), Token);

        (await File.ReadAllTextAsync(PathOfKey, Token)).Should().Be("data");
        _folder.Files.Should().Equal("cluster/job/a");
    }

    [Fact]
    public async Task The_data_is_flushed_before_it_gets_its_name_and_the_folders_up_to_the_root_after_it()
    {
        var steps = new List<string>();
        FaultyDisk? disk = null;
        disk = new FaultyDisk
        {
            OnFlush = _ => steps.Add("flush data"),
            OnLink = (temporary, path) =>
            {
                steps.Add("link");
                return disk!.RealLink(temporary, path);
            },
            OnFlushFolder = path => steps.Add($"flush {Path.GetRelativePath(_folder.Path, path)}"),
        };

        await Open(disk).WriteAsync(Key, [1], Token);

        steps.Should().Equal("flush data", "link", "flush cluster/job", "flush cluster", "flush .");
    }

    [Fact]
    public async Task A_link_whose_answer_got_lost_on_nfs_is_known_for_ones_own()
    {
        FaultyDisk? disk = null;
        disk = new FaultyDisk
        {
            OnLink = (temporary, path) =>
            {
                disk!.RealLink(temporary, path).Should().Be(0);
                return disk.RealLink(temporary, path);
            },
        };

        var state = await Open(disk).WriteAsync(Key, [1, 2, 3], Token);

        (await Open().ReadAllBytesAsync(state, Token)).Should().Equal(1, 2, 3);
    }

    [Fact]
    public async Task A_link_that_failed_unclearly_has_an_unknown_outcome()
    {
        var storage = Open(new FaultyDisk { OnLink = (_, _) => 5 });

        await Failing.AssertAsync(StateStorageFailure.Unavailable, () => storage.WriteAsync(Key, [1], Token), "Check the disk or the file server", isOutcomeUnknown: true);
    }

    [Fact]
    public async Task A_file_system_that_could_only_replace_is_refused()
    {
        var storage = Open(new FaultyDisk { OnLink = (_, _) => 95, OnRename = (_, _) => 22 });

        await Failing.AssertAsync(StateStorageFailure.Unsupported, () => storage.WriteAsync(Key, [1], Token), "Use another file system");
        _folder.Files.Should().BeEmpty();
    }

    [Fact]
    public async Task A_folder_that_a_delete_takes_away_during_a_write_is_made_again()
    {
        var deletes = 3;
        var storage = Open(new FaultyDisk { OnCreate = CreateAfterDelete });

        await storage.WriteAsync(Key, [1], Token);

        _folder.Files.Should().Equal("cluster/job/a");

        Stream? CreateAfterDelete(string path)
        {
            if (deletes-- > 0)
            {
                Directory.Delete(Path.GetDirectoryName(path)!);
            }

            return null;
        }
    }

    [Fact]
    public async Task Deleting_the_last_data_of_a_folder_takes_the_empty_folders_away_but_not_the_root()
    {
        var storage = Open();
        await storage.WriteAsync(Key, [1], Token);
        await storage.WriteAsync(new StateKey("cluster/b"), [1], Token);

        await storage.DeleteAsync(Key, Token);
        Directory.EnumerateDirectories(_folder.Path).Select(Path.GetFileName).Where(name => name![0] != '.').Should().Equal("cluster");
        Directory.Exists(Path.Combine(_folder.Path, "cluster", "job")).Should().BeFalse();

        await storage.DeleteAsync(new StateKey("cluster/b"), Token);
        Directory.Exists(_folder.Path).Should().BeTrue();
        Directory.Exists(Path.Combine(_folder.Path, "cluster")).Should().BeFalse();
    }

    [Fact]
    public async Task What_a_crash_left_of_a_write_is_not_listed_and_is_removed_when_it_is_old()
    {
        var clock = new ManualTimeProvider(DateTimeOffset.UtcNow);
        var storage = Open(timeProvider: clock);
        await storage.WriteAsync(Key, [1], Token);
        await Crashed(Key);

        (await storage.ListAsync(cancellationToken: Token).Select(entry => entry.Key).ToListAsync(Token)).Should().Equal(Key);
        (await storage.RemoveUnfinishedWritesAsync("", TimeSpan.FromHours(1), Token)).Should().Be(0);

        clock.Advance(TimeSpan.FromHours(2));
        (await storage.RemoveUnfinishedWritesAsync("", TimeSpan.FromHours(1), Token)).Should().Be(1);
        _folder.Files.Should().Equal("cluster/job/a");
    }

    [Fact]
    public async Task What_a_crash_left_of_another_cluster_is_not_removed()
    {
        var storage = Open(timeProvider: new ManualTimeProvider(DateTimeOffset.UtcNow.AddHours(2)));
        foreach (var key in new[] { "ns/one/a", "ns/one/job/b", "ns/other/a", "ns/one-more/a" })
        {
            await Crashed(new StateKey(key));
        }

        await File.WriteAllTextAsync(Path.Combine(_folder.Path, "ns", "one", ".nfs0001.unfinished"), "of another program", Token);

        (await storage.RemoveUnfinishedWritesAsync("ns/one/jo", TimeSpan.FromHours(1), Token)).Should().Be(1);
        (await storage.RemoveUnfinishedWritesAsync("ns/one/", TimeSpan.FromHours(1), Token)).Should().Be(1);

        _folder.Files.Should().HaveCount(3).And.Contain("ns/one/.nfs0001.unfinished").And.Contain(path => path.StartsWith("ns/other/", StringComparison.Ordinal))
            .And.Contain(path => path.StartsWith("ns/one-more/", StringComparison.Ordinal));
        (await storage.RemoveUnfinishedWritesAsync("", TimeSpan.FromHours(1), Token)).Should().Be(2);
        Directory.Exists(Path.Combine(_folder.Path, "ns", "other")).Should().BeFalse();
    }

    [Fact]
    public async Task A_write_whose_unfinished_file_was_removed_under_it_fails_and_leaves_nothing()
    {
        var storage = Open(new FaultyDisk { OnFlush = _ => Directory.Delete(Path.Combine(_folder.Path, "cluster"), recursive: true) });

        await Failing.AssertAsync(StateStorageFailure.Unavailable, () => storage.WriteAsync(Key, [1], Token), "removed as unfinished");
        _folder.Files.Should().BeEmpty();
    }

    [Fact]
    public async Task What_others_put_into_the_folder_is_not_listed_as_data()
    {
        var storage = Open();
        await storage.WriteAsync(Key, [1], Token);
        await File.WriteAllTextAsync(Path.Combine(_folder.Path, ".nfs0001"), "x", Token);
        Directory.CreateDirectory(Path.Combine(_folder.Path, ".snapshot", "cluster"));
        await File.WriteAllTextAsync(Path.Combine(_folder.Path, ".snapshot", "cluster", "a"), "x", Token);
        await File.WriteAllTextAsync(Path.Combine(_folder.Path, "a*b"), "x", Token);

        (await storage.ListAsync(cancellationToken: Token).Select(entry => entry.Key).ToListAsync(Token)).Should().Equal(Key);
    }

    [Fact]
    public async Task Data_that_a_bad_disk_changed_or_cut_off_is_corrupt()
    {
        var storage = Open();
        var state = await storage.WriteAsync(Key, Encoding.UTF8.GetBytes(new string('x', 100_000)), Token);
        await using (var file = File.OpenWrite(PathOfKey))
        {
            file.Position = 70_000;
            file.WriteByte(0);
        }

        await Failing.AssertAsync(StateStorageFailure.Corrupt, () => storage.ReadAllBytesAsync(state, Token), "restore it from a copy");
        await using (var file = File.OpenWrite(PathOfKey))
        {
            file.SetLength(50_000);
        }

        await Failing.AssertAsync(StateStorageFailure.Corrupt, () => storage.ReadAllBytesAsync(state, Token), "ends after 50000 of 100000 bytes");
    }

    private string PathOfKey => Path.Combine(_folder.Path, "cluster", "job", "a");

    // The temporary file of a write that has ended in the middle, as it is made.
    private Task Crashed(StateKey key)
    {
        var path = StorageFolders.NewUnfinished(Path.Combine(_folder.Path, key.Value));
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        return File.WriteAllTextAsync(path, "half", Token);
    }

    private FileSystemStateStorage Open(FaultyDisk? disk = null, TimeProvider? timeProvider = null) =>
        new(new FileSystemStateStorageOptions { RootDirectory = _folder.Path }, disk ?? new FaultyDisk(), timeProvider);
}
