namespace Flink.Kubernetes.HA.Tests.StateHandles;

/// <summary>Several changes in one request.</summary>
public sealed class StateHandleBatchTests() : WorldTest(HaWorld.WithStoreAsync)
{
    [Fact]
    public async Task A_checkpoint_its_predecessor_and_the_counter_change_in_one_request()
    {
        var oldest = await World.AddAsync("1", "one");
        World.Server.ClearRequests();

        var handles = await World.RunAsync(() => World.Store.CreateBatch()
            .Add("2", HaWorld.Stream("two")).Remove(oldest).SetValue("counter", null, "3").CommitAsync(Token));

        World.Server.Requests.Select(request => request.Verb).Should().Equal("patch");
        handles.Should().ContainSingle().Which.Name.Should().Be("2");
        (await World.ValueAsync("counter")).Should().Be("3");
        await World.AssertEntriesAsync("2=two");
        await World.AssertNothingLeftBehindAsync();
    }

    [Fact]
    public async Task One_change_that_is_refused_refuses_the_whole_batch()
    {
        var first = await World.AddAsync("1", "one");
        await World.EditDataAsync("counter", "7");

        var exception = await World.FailAsync(StateHandleFailure.Changed, () => World.Store.CreateBatch()
            .Add("2", HaWorld.Stream("two")).Remove(first).SetValue("counter", "6", "8").CommitAsync(Token));

        exception.Key.Should().Be("counter");
        (await World.ValueAsync("counter")).Should().Be("7");
        await World.AssertEntriesAsync("1=one");
        await World.AssertNothingLeftBehindAsync();
    }

    [Fact]
    public async Task Values_are_set_and_removed()
    {
        await World.SetAsync("counter", null, "1");
        await World.SetAsync("counter", "1", "2");
        (await World.Reader.ReadAsync(Token)).TryGetValue("counter").Should().Be("2");
        await World.SetAsync("counter", "2", null);

        (await World.ValueAsync("counter")).Should().BeNull();
    }

    [Fact]
    public async Task An_upload_that_fails_removes_the_other_uploads()
    {
        using var rule = World.Storage.Inject(Fault.Fail(StateStorageFailure.Unavailable) with { Verb = "write", After = 1 });

        await World.FailAsync<StateStorageException>(() => World.Store.CreateBatch()
            .Add("1", HaWorld.Stream("one")).Add("2", HaWorld.Stream("two")).CommitAsync(Token));

        await World.AssertEntriesAsync();
        World.DataKeys.Should().BeEmpty();
    }

    [Fact]
    public async Task Removed_data_that_cannot_be_deleted_is_left_to_the_sweep()
    {
        var oldest = await World.AddAsync("1", "one");
        var batch = World.Store.CreateBatch().Add("2", HaWorld.Stream("two")).Remove(oldest);
        using (World.Storage.Inject(Fault.Fail(StateStorageFailure.Unavailable) with { Verb = "delete" }))
        {
            (await World.RunAsync(() => batch.CommitAsync(Token))).Should().ContainSingle().Which.Name.Should().Be("2");
        }

        World.Data.Keys.Should().Contain(oldest.State.Key);
        World.Leader.Logs.Count(653).Should().Be(1);
        await World.AssertEntriesAsync("2=two");
    }

    [Fact]
    public async Task An_upload_ends_when_the_term_does()
    {
        using var rule = World.Storage.Inject(Fault.Hang() with { Verb = "write" });
        var add = Task.Run(() => World.Store.AddAsync("1", HaWorld.Stream("one"), Token), Token);
        await World.AdvanceAsync(TimeSpan.FromSeconds(1));
        await World.TakeOverAsync();

        await Awaiting(() => World.WhileAdvancingAsync(add)).Should().ThrowExactlyAsync<LeadershipLostException>();

        World.DataKeys.Should().BeEmpty();
    }

    [Fact]
    public async Task A_batch_is_committed_once_and_changes_a_key_once()
    {
        var batch = World.Store.CreateBatch().SetValue("counter", null, "1");

        Invoking(() => batch.SetValue("counter", null, "2")).Should().ThrowExactly<ArgumentException>();
        await World.RunAsync(() => batch.CommitAsync(Token));

        await World.FailAsync<InvalidOperationException>(() => batch.CommitAsync(Token));
    }

    [Theory]
    [InlineData("address")]
    [InlineData("sessionId")]
    [InlineData("fencingToken")]
    [InlineData("stateId")]
    [InlineData("no/slash")]
    public void Reserved_and_invalid_keys_are_refused(string key) =>
        Invoking(() => World.Store.CreateBatch().SetValue(key, null, "mine")).Should().ThrowExactly<ArgumentException>();
}
