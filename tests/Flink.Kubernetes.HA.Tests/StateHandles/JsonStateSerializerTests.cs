using System.Text.Json;
using System.Text.Json.Serialization;

namespace Flink.Kubernetes.HA.Tests.StateHandles;

public sealed partial class JsonStateSerializerTests() : WorldTest(HaWorld.WithStoreAsync)
{
    private static readonly JsonStateSerializer<Item> Serializer = new(ItemContext.Default.Item);

    [Fact]
    public async Task Values_are_stored_and_read_back()
    {
        var first = await World.RunAsync(() => World.Store.AddAsync("1", new Item("one", 1), Serializer, Token));
        await World.RunAsync(() => World.Store.AddAsync("2", new Item("two", 2), Serializer, Token));
        var replaced = await World.RunAsync(() => World.Store.ReplaceAsync(first, new Item("uno", 1), Serializer, Token));

        (await World.Reader.ReadAsync(replaced, Serializer, Token)).Should().Be(new Item("uno", 1));
        (await World.Reader.ReadAllAsync(Serializer, Token)).Select(entry => entry.Value).Should().Equal(new Item("uno", 1), new Item("two", 2));
    }

    [Fact]
    public async Task Damaged_data_is_never_a_value()
    {
        var handle = await World.RunAsync(() => World.Store.AddAsync("1", new Item("one", 1), Serializer, Token));

        // Still good JSON: only the checksum tells.
        var text = await World.Reader.ReadBytesAsync(handle, Token);
        await World.Data.DeleteAsync(handle.State.Key, Token);
        text[Array.IndexOf(text, (byte)'o')] = (byte)'i';
        await World.Data.WriteAsync(handle.State.Key, text, Token);

        var exception = await World.FailAsync<StateStorageException>(() => World.Reader.ReadAsync(handle, Serializer, Token));

        exception.Failure.Should().Be(StateStorageFailure.Corrupt);
    }

    [Fact]
    public async Task Null_is_no_value() =>
        await World.FailAsync<JsonException>(() => Serializer.DeserializeAsync(HaWorld.Stream("null"), Token).AsTask());

    internal sealed record Item(string Name, int Number);

    [JsonSerializable(typeof(Item))]
    internal sealed partial class ItemContext : JsonSerializerContext;
}
