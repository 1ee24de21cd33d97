namespace Flink.Kubernetes.HA.Tests.StateHandles;

/// <summary>Hazard 9 to its end: the election re-creates a deleted ConfigMap, which is empty, but not an empty store (promise P6).</summary>
public sealed class StateOriginTests() : WorldTest(HaWorld.WithStoreAsync)
{
    [Fact]
    public async Task A_ConfigMap_that_was_deleted_and_re_created_is_not_an_empty_store()
    {
        var store = await OpenAsync();
        await World.RunAsync(() => store.AddAsync("1", HaWorld.Stream("one"), Token));
        await RecreateAsync();

        var exception = await World.FailAsync<StateLostException>(() => OpenAsync());

        exception.Message.Should().Contain("deleted, with all its pointers, and re-created");
        World.DataKeys.Should().HaveCount(2);

        // Whoever decides to start from scratch does what the message says.
        await World.Data.DeleteAsync(new StateKey(exception.Markers.Should().ContainSingle().Which), Token);
        await OpenAsync();
    }

    [Fact]
    public async Task A_ConfigMap_that_was_restored_from_a_copy_is_accepted()
    {
        var store = await OpenAsync();
        await World.RunAsync(() => store.AddAsync("1", HaWorld.Stream("one"), Token));
        var (id, pointer) = (await World.ValueAsync("stateId"), await World.ValueAsync("item-1"));
        await RecreateAsync();
        await World.EditDataAsync("stateId", id);
        await World.EditDataAsync("item-1", pointer);

        await OpenAsync();

        await World.AssertEntriesAsync("1=one");
    }

    [Fact]
    public async Task Stores_that_are_opened_at_once_and_again_agree()
    {
        await World.RunAsync(() => Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(OpenAsync, Token))));
        await OpenAsync();

        World.DataKeys.Should().ContainSingle();
    }

    [Theory]
    [InlineData("write")]
    [InlineData("list")]
    public async Task An_opening_that_failed_is_completed_by_the_next(string verb)
    {
        using (World.Storage.Inject(Fault.Fail(StateStorageFailure.Unavailable) with { Verb = verb }))
        {
            await World.FailAsync<StateStorageException>(() => OpenAsync());
        }

        await OpenAsync();

        World.DataKeys.Should().ContainSingle();
    }

    [Fact]
    public async Task Only_the_leader_can_open_one()
    {
        await World.TakeOverAsync();

        await World.FailAsync<LeadershipLostException>(() => OpenAsync());
    }

    private Task<StateHandleStore> OpenAsync() =>
        World.RunAsync(() => StateHandleStore.OpenAsync(World.Leader.Term!, World.Storage, HaWorld.Prefix, Token));

    private async Task RecreateAsync()
    {
        await World.DeleteAsync();
        await World.UntilAsync(() => World.Leader.Terms.Count == 2 && World.Leader.Leads, TimeSpan.FromMinutes(1), "the leader leads again");
    }
}
