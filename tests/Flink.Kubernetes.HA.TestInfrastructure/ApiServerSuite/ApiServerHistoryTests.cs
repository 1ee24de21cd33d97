namespace Flink.Kubernetes.HA.TestInfrastructure.ApiServerSuite;

/// <summary>What holds after the server has forgotten its history. Nothing else may use the server meanwhile.</summary>
public abstract class ApiServerHistoryTests : ApiServerTests
{
    [Fact]
    public async Task A_watch_from_an_expired_version_gets_an_ERROR_event_that_says_410()
    {
        var old = await ExpireAsync();
        using var watch = await WatchAsync(new WatchQuery(old));
        await RefusedAsync(Refusal.Expired, () => watch.NextAsync());
    }

    [Fact]
    public async Task After_a_new_list_the_watch_can_go_on()
    {
        await ExpireAsync();
        var list = await ListAsync(new ListQuery(Fields: "metadata.name=a"));
        list.Items.Single().Data["k"].Should().Be("3");
        using var watch = await WatchAsync(new WatchQuery(list.Metadata.ResourceVersion));
        await SetAsync("a", "k", "4");
        (await watch.NextAsync("MODIFIED", "a")).Object.Data["k"].Should().Be("4");
    }

    [Fact]
    public async Task Objects_keep_their_versions_and_optimistic_concurrency_holds()
    {
        var first = await CreateAsync("b", ("k", "0"));
        var second = await SetAsync("b", "k", "1");
        await ExpireAsync();
        await UnchangedAsync(second);
        await RefusedAsync(Refusal.Conflict, () => ReplaceAsync(first with { Data = null }));
        await ReplaceAsync(second with { Data = Map(("k", "2")) });
    }

    [Fact]
    public async Task A_continue_token_from_before_is_Expired()
    {
        for (var i = 0; i < 3; i++)
        {
            await CreateLabelledAsync($"o{i}", ("page", "yes"));
        }

        var page = await ListAsync(new ListQuery(Labels: "page", Limit: 1));
        await SetAsync("o0", "k", "changed");
        await Server.ExpireHistoryAsync(Token);
        await RefusedAsync(Refusal.Expired, () => ListAsync(new ListQuery(Labels: "page", Limit: 1, Continue: page.Metadata.ContinueProperty)));
    }

    private async Task<string> ExpireAsync()
    {
        var old = await CurrentVersionAsync();
        await CreateAsync("a", ("k", "0"));
        for (var i = 1; i <= 3; i++)
        {
            await SetAsync("a", "k", $"{i}");
        }

        await Server.ExpireHistoryAsync(Token);
        return old;
    }
}
