using System.IO.Pipelines;
using Flink.Kubernetes.HA.Blobs;

namespace Flink.Kubernetes.HA.Tests.Blobs;

public sealed class BlobStoreTests() : WorldTest(() => HaWorld.LedAsync(LeaderComponent.Dispatcher))
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_blob_is_named_by_its_content_and_kept_once(bool canSeek)
    {
        var store = Open();

        var first = await World.RunAsync(() => PutAsync(store, "hello", canSeek));
        var second = await World.RunAsync(() => PutAsync(store, "hello", canSeek));

        second.Should().Be(first);
        first.Sha256.Should().Be("2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824");
        World.DataKeys.Should().Equal($"{HaWorld.Namespace}/{HaWorld.ClusterId}/blobs/{HaWorld.JobId}/{first.Sha256}");
        (await ReadAsync(new BlobReader(World.Data, HaWorld.Namespace, HaWorld.ClusterId), first)).Should().Be("hello");
        (await store.Reader.ListAsync(HaWorld.JobId, Token).ToListAsync(Token)).Should().Equal(first);
        (await store.DeleteAsync(HaWorld.JobId, first, Token)).Should().BeTrue();
        (await World.FailAsync<StateStorageException>(() => ReadAsync(store.Reader, first))).Failure.Should().Be(StateStorageFailure.NotFound);
    }

    [Fact]
    public async Task A_blob_that_is_damaged_is_an_error_until_it_is_put_again()
    {
        var store = Open();
        var key = await World.RunAsync(() => PutAsync(store, "hello"));
        World.Data.Corrupt(World.Data.Keys.Single());

        (await World.FailAsync<StateStorageException>(() => ReadAsync(store.Reader, key))).Failure.Should().Be(StateStorageFailure.Corrupt);
        await World.RunAsync(() => PutAsync(store, "hello"));

        (await ReadAsync(store.Reader, key)).Should().Be("hello");
    }

    [Fact]
    public async Task A_put_whose_answer_was_lost_is_tried_again()
    {
        var store = Open();
        using var lost = World.Storage.Inject(Fault.LoseResponse() with { Verb = "write", Times = 1 });

        var key = await World.RunAsync(() => PutAsync(store, "hello"));

        (await ReadAsync(store.Reader, key)).Should().Be("hello");
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
}
