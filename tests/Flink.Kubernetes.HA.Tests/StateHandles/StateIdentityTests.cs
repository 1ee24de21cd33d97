using Flink.Kubernetes.HA.StateHandles.Writing;

namespace Flink.Kubernetes.HA.Tests.StateHandles;

/// <summary>Hazard 9 to its end: the election re-creates a deleted ConfigMap, which is empty, but not an empty store (promise P6).</summary>
public sealed class StateIdentityTests() : WorldTest(HaWorld.WithStoreAsync)
{
    [Fact]
    public async Task A_ConfigMap_that_was_deleted_and_re_created_is_not_an_empty_store()
    {
        var store = await OpenAsync();
        await World.RunAsync(() => store.AddAsync("1", HaWorld.Stream("one"), Token));
        await RecreateAsync();

        var exception = await World.FailAsync<StateLostException>(() => OpenAsync());

        exception.Message.Should().Contain("deleted, with all its pointers, and re-created");
        var key = World.DataKeys.Should().ContainSingle().Which;

        // Whoever decides to start from scratch does what the message says.
        key.Should().StartWith(exception.Folders.Should().ContainSingle().Which + "/");
        await World.Data.DeleteAsync(new StateKey(key), Token);
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
    public async Task A_ConfigMap_that_was_deleted_before_anything_was_stored_is_no_loss()
    {
        await OpenAsync();
        await RecreateAsync();

        (await World.RunAsync(async () => await (await OpenAsync()).AddAsync("1", HaWorld.Stream("one"), Token))).Name.Should().Be("1");
    }

    [Fact]
    public async Task Stores_that_are_opened_at_once_and_again_agree()
    {
        await World.EditDataAsync("stateId", null);
        var stores = await World.RunAsync(() => Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(OpenAsync, Token))));
        foreach (var store in stores.Append(await OpenAsync()))
        {
            await World.RunAsync(() => store.AddAsync($"{JobId.NewRandom()}", HaWorld.Stream("data"), Token));
        }

        World.DataKeys.Select(key => key.Split('/')[3]).Distinct().Should().ContainSingle();
        await OpenAsync();
    }

    [Fact]
    public async Task A_copy_is_refused_until_it_is_adopted_and_never_deletes_the_data_of_the_original()
    {
        var store = await OpenAsync();
        var original = await World.RunAsync(() => store.AddAsync("1", HaWorld.Stream("one"), Token));
        var copy = await World.LeadAsync(HaWorld.JobManager, "copy");
        await World.EditDataAsync("stateId", await World.ValueAsync("stateId"), HaWorld.JobKey);
        await World.EditDataAsync("item-1", original.Text, HaWorld.JobKey);
        await World.EditDataAsync("item-2", original.Text, HaWorld.JobKey);
        Task<StateHandleStore> OpenCopyAsync() =>
            World.RunAsync(() => StateHandleStore.OpenAsync(copy.Term!, World.Storage, HaWorld.Prefix, Token));

        var refusal = await World.FailAsync(StateHandleFailure.Foreign, OpenCopyAsync);
        (refusal.Key, refusal.ConfigMap).Should().Be(("item-1", HaWorld.JobKey.ToString()));
        refusal.Message.Should().Contain("AdoptStateAsync").And.Contain(original.State.Key.Value);
        (await World.RunAsync(() => new StateIdentity(TermWriter.Of(copy.Term!), World.Storage).AdoptAsync(Token))).Should().Be(2);
        var adopted = await OpenCopyAsync();

        var handles = await adopted.Reader.ListAsync(Token);
        handles.Should().OnlyContain(handle => handle.IsAdopted);
        Encoding.UTF8.GetString(await adopted.Reader.ReadBytesAsync(handles[0], Token)).Should().Be("one");
        await World.RunAsync(() => adopted.ReplaceAsync(handles[0], HaWorld.Stream("own"), Token));
        await World.RunAsync(() => adopted.RemoveAsync("2", Token));
        await World.AssertEntriesAsync("1=one");
        var own = await adopted.Reader.GetAsync("1", Token);
        own.IsAdopted.Should().BeFalse();
        own.State.Key.Value.Should().StartWith(await World.FolderOfAsync(HaWorld.JobManager));
    }

    [Theory]
    [InlineData("default/orders/restserver/0123456789abcdef0123456789abcdef/secret")]
    [InlineData("other/orders/dispatcher/0123456789abcdef0123456789abcdef/secret")]
    [InlineData("secret")]
    public async Task A_pointer_that_leads_outside_is_neither_followed_nor_its_data_deleted(string outside)
    {
        var secret = await World.Data.WriteAsync(new StateKey(outside), [1, 2, 3], Token);
        var store = await OpenAsync();
        await World.EditDataAsync("item-1", new StatePointer(secret).Write());

        await World.FailAsync(StateHandleFailure.Foreign, () => World.Reader.GetAsync("1", Token));
        (await World.RunAsync(() => store.RemoveAsync("1", Token))).Should().BeTrue();

        World.Data.Keys.Should().Equal(secret.Key);
    }

    [Fact]
    public async Task An_ID_that_could_not_be_a_folder_is_refused()
    {
        await World.EditDataAsync("stateId", "../other");

        (await World.FailAsync(StateHandleFailure.Corrupt, OpenAsync)).Key.Should().Be("stateId");
    }

    [Fact]
    public async Task An_opening_that_failed_is_completed_by_the_next()
    {
        await World.EditDataAsync("stateId", null);
        using (World.Storage.Inject(Fault.Fail(StateStorageFailure.Unavailable) with { Verb = "list" }))
        {
            await World.FailAsync<StateStorageException>(() => OpenAsync());
        }

        await OpenAsync();
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
