namespace Flink.Kubernetes.HA.Tests.StateHandles;

/// <summary>The form of pointers, and what cannot be read (promise P6).</summary>
public sealed class StatePointerTests() : WorldTest(HaWorld.WithStoreAsync)
{
    private const string Sha = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    private const string Good = $$"""{"v":1,"key":"a/b","size":0,"sha256":"{{Sha}}"}""";

    [Fact]
    public void A_pointer_is_versioned_JSON_with_all_that_is_needed_to_find_the_data()
    {
        var pointer = new StatePointer(new StoredState(new StateKey("a/b"), 0, Sha));

        pointer.Write().Should().Be(Good);
        StatePointer.Parse(Good).Should().Be(pointer);
    }

    [Theory]
    [InlineData("\"v\":1,\"codec\":\"zstd\"")]
    [InlineData("\"v\":2,\"codec\":\"zstd\"")]
    public void Unknown_members_and_the_next_version_are_read(string version) =>
        StatePointer.Parse(Good.Replace("\"v\":1", version, StringComparison.Ordinal)).Should().Be(StatePointer.Parse(Good));

    [Theory]
    [InlineData("rO0ABXNy", "not JSON")]
    [InlineData("[]", "not a JSON object")]
    [InlineData("null", "not a JSON object")]
    [InlineData("{\"v\":3}", "version 3")]
    [InlineData("{}", "\"v\"")]
    [InlineData("{\"v\":1,\"v\":1}", "not JSON")]
    [InlineData("{\"v\":1,\"key\":\"../b\"}", "key")]
    [InlineData("{\"v\":1,\"key\":\"a/b\",\"size\":\"0\"}", "size")]
    [InlineData("{\"v\":1,\"key\":\"a/b\",\"size\":-1,\"sha256\":\"" + Sha + "\"}", "size")]
    [InlineData("{\"v\":1,\"key\":\"a/b\",\"size\":0,\"sha256\":\"e3b0\"}", "sha256")]
    public async Task An_invalid_pointer_is_reported_by_its_key_and_never_skipped(string text, string problem)
    {
        await World.AddAsync("1", "one");
        await World.EditDataAsync("item-2", text);
        Func<Task>[] reads =
        [
            () => World.Reader.ListAsync(Token), () => World.Reader.GetAsync("2", Token), () => World.Reader.ExistsAsync("2", Token),
            () => World.AddAsync("2", "two"), () => World.ReplaceAsync("2", "two"),
        ];

        foreach (var read in reads)
        {
            var exception = await World.FailAsync(StateHandleFailure.Corrupt, read);
            exception.Key.Should().Be("item-2");
            exception.Message.Should().Contain(problem);
            exception.Message.Should().Contain("remove the entry by name");
        }

        (await World.ValueAsync("item-2")).Should().Be(text);
        World.DataKeys.Should().ContainSingle();
        var snapshot = await World.Reader.ReadAsync(Token);
        (snapshot.Handles.Single().Name, snapshot.Unreadable.Single().Key).Should().Be(("1", "item-2"));
        (await World.RemoveAsync("2")).Should().BeTrue();
        await World.AssertEntriesAsync("1=one");
    }

    [Fact]
    public async Task Damaged_and_missing_data_is_an_error_with_a_name()
    {
        var damaged = await World.AddAsync("1", "one");
        var missing = await World.AddAsync("2", "two");
        World.Data.Corrupt(damaged.State.Key);
        await World.Data.DeleteAsync(missing.State.Key, Token);

        var corrupt = await World.FailAsync<StateStorageException>(() => World.Reader.ReadBytesAsync(damaged, Token));
        var notFound = await World.FailAsync<StateStorageException>(() => World.Reader.ReadBytesAsync(missing, Token));

        corrupt.Failure.Should().Be(StateStorageFailure.Corrupt);
        notFound.Failure.Should().Be(StateStorageFailure.NotFound);
    }

    [Fact]
    public async Task A_missing_ConfigMap_is_not_an_empty_one()
    {
        await World.AddAsync("1", "one");

        // The leader does not hear of it yet, or it would begin a new one.
        World.Network.SilenceWatches();
        await World.DeleteAsync();

        var exception = await World.FailAsync<ConfigMapMissingException>(() => World.Reader.ListAsync(Token));

        exception.Message.Should().Contain("default/orders-dispatcher-leader does not exist");
        World.DataKeys.Should().ContainSingle();
    }
}
