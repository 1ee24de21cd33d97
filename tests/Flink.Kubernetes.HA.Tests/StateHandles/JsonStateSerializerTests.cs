using System.Text.Json;
using System.Text.Json.Serialization;
using Flink.Kubernetes.HA.StateHandles;
using Flink.Kubernetes.HA.Storage;

namespace Flink.Kubernetes.HA.Tests.StateHandles;

[Collection(SimulatedTime.Name)]
public sealed partial class JsonStateSerializerTests
{
    private static readonly JsonStateSerializer<Item> Serializer = new(ItemContext.Default.Item);

    private static CancellationToken Token => StoreCluster.Token;

    [Fact]
    public async Task Values_are_stored_and_read_back()
    {
        await using var cluster = await StoreCluster.StartAsync();

        var first = await cluster.RunAsync(() => cluster.Store.AddAsync("1", new Item("one", 1), Serializer, Token));
        await cluster.RunAsync(() => cluster.Store.AddAsync("2", new Item("two", 2), Serializer, Token));
        var replaced = await cluster.RunAsync(() => cluster.Store.ReplaceAsync(first, new Item("uno", 1), Serializer, Token));

        Assert.Equal(new Item("uno", 1), await cluster.Reader.ReadAsync(replaced, Serializer, Token));
        Assert.Equal([new Item("uno", 1), new Item("two", 2)], (await cluster.Reader.ReadAllAsync(Serializer, Token)).Select(entry => entry.Value));
    }

    [Fact]
    public async Task Damaged_data_is_never_a_value()
    {
        await using var cluster = await StoreCluster.StartAsync();
        var handle = await cluster.RunAsync(() => cluster.Store.AddAsync("1", new Item("one", 1), Serializer, Token));

        // Still good JSON: only the checksum tells.
        var text = await cluster.Reader.ReadBytesAsync(handle, Token);
        await cluster.Data.DeleteAsync(handle.State.Key, Token);
        text[Array.IndexOf(text, (byte)'o')] = (byte)'i';
        await cluster.Data.WriteAsync(handle.State.Key, text, Token);

        var exception = await Assert.ThrowsAsync<StateStorageException>(() => cluster.Reader.ReadAsync(handle, Serializer, Token));

        Assert.Equal(StateStorageFailure.Corrupt, exception.Failure);
    }

    [Fact]
    public async Task Null_is_no_value() =>
        await Assert.ThrowsAsync<JsonException>(() => Serializer.DeserializeAsync(StoreCluster.Stream("null"), Token).AsTask());

    internal sealed record Item(string Name, int Number);

    [JsonSerializable(typeof(Item))]
    internal sealed partial class ItemContext : JsonSerializerContext;
}
