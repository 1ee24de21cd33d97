using System.IO.Pipelines;
using Flink.Kubernetes.HA.Blobs;

namespace Flink.Kubernetes.HA.Tests.Blobs;

public sealed class BlobStoreTests() : WorldTest(() => HaWorld.LedAsync(LeaderComponent.Dispatcher))
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_blob_has_a_key_of_its_own_and_the_hash_of_what_was_stored(bool canSeek)
    {
        var store = Open();

        var first = await World.RunAsync(() => PutAsync(store, "hello", canSeek));
        var second = await World.RunAsync(() => PutAsync(store, "hello", canSeek));

        second.Id.Should().NotBe(first.Id, "a sweep judges a blob by its age, so that of an earlier put must not count");
        (first.Sha256, first.Size).Should().Be(("2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824", 5));
        World.DataKeys.Should().BeEquivalentTo(new[] { first, second }.Select(key => $"{HaWorld.Namespace}/{HaWorld.ClusterId}/blobs/{HaWorld.JobId}/{key.Id}"));
        (await ReadAsync(new BlobReader(World.Data, HaWorld.Namespace, HaWorld.ClusterId), first)).Should().Be("hello");
        (await store.DeleteAsync(HaWorld.JobId, first, Token)).Should().BeTrue();
        (await World.FailAsync<StateStorageException>(() => ReadAsync(store.Reader, first))).Failure.Should().Be(StateStorageFailure.NotFound);
        (await ReadAsync(store.Reader, second)).Should().Be("hello");
    }

    [Fact]
    public async Task A_blob_that_is_damaged_is_an_error()
    {
        var store = Open();
        var key = await World.RunAsync(() => PutAsync(store, "hello"));
        World.Data.Corrupt(World.Data.Keys.Single());

        (await World.FailAsync<StateStorageException>(() => ReadAsync(store.Reader, key))).Failure.Should().Be(StateStorageFailure.Corrupt);
    }

    [Fact]
    public async Task A_file_that_changes_while_it_is_put_is_stored_under_the_hash_of_what_was_stored()
    {
        var store = Open();
        await using var content = new GrowingStream("hello"u8.ToArray(), " world"u8.ToArray());

        var key = await World.RunAsync(() => store.PutAsync(HaWorld.JobId, content, Token));

        key.Size.Should().Be(11);
        (await ReadAsync(store.Reader, key)).Should().Be("hello world");
    }

    [Fact]
    public void A_key_goes_through_the_JSON_of_a_job_graph()
    {
        var key = new BlobKey(new string('a', 32), new string('b', 64), 7);

        System.Text.Json.JsonSerializer.Deserialize<BlobKey>(System.Text.Json.JsonSerializer.Serialize(key)).Should().Be(key);
        Invoking(() => new BlobKey("../../other", new string('b', 64), 7)).Should().ThrowExactly<ArgumentException>();
    }

    [Fact]
    public async Task Only_the_leader_puts_and_deletes()
    {
        var store = Open();
        var key = await World.RunAsync(() => PutAsync(store, "hello"));
        World.Leader.Crash();
        await World.AdvanceAsync(TimeSpan.FromSeconds(20));

        await World.FailAsync<LeadershipLostException>(() => PutAsync(store, "other"));
        await World.FailAsync<LeadershipLostException>(() => store.DeleteAsync(HaWorld.JobId, key, Token));
        World.DataKeys.Should().ContainSingle();
    }

    private BlobStore Open() => BlobStore.Open(World.Leader.Term!, World.Storage);

    private static async Task<BlobKey> PutAsync(BlobStore store, string text, bool canSeek = true)
    {
        await using var bytes = HaWorld.Stream(text);
        await using var content = canSeek ? bytes : PipeReader.Create(bytes).AsStream();
        return await store.PutAsync(HaWorld.JobId, content, Token);
    }

    private static async Task<string> ReadAsync(BlobReader reader, BlobKey key)
    {
        await using var stream = await reader.OpenReadAsync(HaWorld.JobId, key, Token);
        using var text = new StreamReader(stream);
        return await text.ReadToEndAsync(Token);
    }

    /// <summary>A file to which another process appends once its first reader has reached the end.</summary>
    private sealed class GrowingStream(byte[] before, byte[] after) : MemoryStream
    {
        private int _part;

        public override long Length => before.Length;

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            var part = _part++ switch { 0 => before, 1 => after, _ => [] };
            part.CopyTo(buffer);
            return ValueTask.FromResult(part.Length);
        }
    }
}
