using System.Text;
using Flink.Kubernetes.HA.Blobs;
using Flink.Kubernetes.HA.LeaderElection;
using Flink.Kubernetes.HA.Storage;
using Flink.Kubernetes.HA.Testing;
using Flink.Kubernetes.HA.Tests.Jobs;
using Flink.Kubernetes.HA.Tests.LeaderElection;

namespace Flink.Kubernetes.HA.Tests.Blobs;

[Collection(SimulatedTime.Name)]
public sealed class BlobStoreTests
{
    private static CancellationToken Token => StoreWorld.Token;

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_blob_is_named_by_its_content_and_kept_once(bool canSeek)
    {
        await using var world = new StoreWorld();
        var store = BlobStore.Open((await world.LeadAsync(LeaderComponent.Dispatcher, "a")).Term!, world.Storage);

        var first = await world.RunAsync(() => PutAsync(store, "hello", canSeek));
        var second = await world.RunAsync(() => PutAsync(store, "hello", canSeek));

        Assert.Equal(first, second);
        Assert.Equal("2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824", first.Sha256);
        Assert.Equal([$"{ElectionCluster.Namespace}/{ElectionCluster.ClusterId}/blobs/{StoreWorld.JobId}/{first.Sha256}"], world.Keys);
        Assert.Equal("hello", await ReadAsync(new BlobReader(world.Data, ElectionCluster.Namespace, ElectionCluster.ClusterId), first));
        Assert.Equal([first], await store.Reader.ListAsync(StoreWorld.JobId, Token).ToListAsync(Token));
        Assert.True(await store.DeleteAsync(StoreWorld.JobId, first, Token));
        Assert.Equal(StateStorageFailure.NotFound, (await Assert.ThrowsAsync<StateStorageException>(() => ReadAsync(store.Reader, first))).Failure);
    }

    [Fact]
    public async Task A_blob_that_is_damaged_is_an_error_until_it_is_put_again()
    {
        await using var world = new StoreWorld();
        var store = BlobStore.Open((await world.LeadAsync(LeaderComponent.Dispatcher, "a")).Term!, world.Storage);
        var key = await world.RunAsync(() => PutAsync(store, "hello"));
        world.Data.Corrupt(world.Data.Keys.Single());

        Assert.Equal(StateStorageFailure.Corrupt, (await Assert.ThrowsAsync<StateStorageException>(() => ReadAsync(store.Reader, key))).Failure);
        await world.RunAsync(() => PutAsync(store, "hello"));

        Assert.Equal("hello", await ReadAsync(store.Reader, key));
    }

    [Fact]
    public async Task A_put_whose_answer_was_lost_is_tried_again()
    {
        await using var world = new StoreWorld();
        var store = BlobStore.Open((await world.LeadAsync(LeaderComponent.Dispatcher, "a")).Term!, world.Storage);
        using var lost = world.Storage.Inject(StorageFaultRule.LoseResponse() with { Verb = "write", Times = 1 });

        var key = await world.RunAsync(() => PutAsync(store, "hello"));

        Assert.Equal("hello", await ReadAsync(store.Reader, key));
    }

    [Fact]
    public async Task Who_does_not_lead_puts_and_deletes_nothing()
    {
        await using var world = new StoreWorld();
        var leader = await world.LeadAsync(LeaderComponent.Dispatcher, "a");
        var store = BlobStore.Open(leader.Term!, world.Storage);
        var key = await world.RunAsync(() => PutAsync(store, "hello"));
        leader.Crash();
        await world.Election.AdvanceAsync(TimeSpan.FromSeconds(20));

        await Assert.ThrowsAsync<LeadershipLostException>(() => PutAsync(store, "other"));
        await Assert.ThrowsAsync<LeadershipLostException>(() => store.DeleteAsync(StoreWorld.JobId, key, Token));
        Assert.Single(world.Keys);
    }

    private static async Task<BlobKey> PutAsync(BlobStore store, string text, bool canSeek = true)
    {
        await using var bytes = new MemoryStream(Encoding.UTF8.GetBytes(text));
        await using var content = canSeek ? (Stream)bytes : new System.IO.Compression.GZipStream(Zip(bytes), System.IO.Compression.CompressionMode.Decompress);
        return await store.PutAsync(StoreWorld.JobId, content, Token);
    }

    private static MemoryStream Zip(MemoryStream bytes)
    {
        var zipped = new MemoryStream();
        using (var zip = new System.IO.Compression.GZipStream(zipped, System.IO.Compression.CompressionMode.Compress, leaveOpen: true))
        {
            bytes.CopyTo(zip);
        }

        zipped.Position = 0;
        return zipped;
    }

    private static async Task<string> ReadAsync(BlobReader reader, BlobKey key)
    {
        await using var stream = await reader.OpenReadAsync(StoreWorld.JobId, key, Token);
        using var text = new StreamReader(stream);
        return await text.ReadToEndAsync(Token);
    }
}
