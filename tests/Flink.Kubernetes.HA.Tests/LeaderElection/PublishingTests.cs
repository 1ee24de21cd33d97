using Flink.Kubernetes.HA.LeaderElection;
using Flink.Kubernetes.HA.Testing;

namespace Flink.Kubernetes.HA.Tests.LeaderElection;

[Collection(SimulatedTime.Name)]
public sealed class PublishingTests
{
    [Fact]
    public async Task An_address_is_written_at_once_and_counts_as_a_renewal()
    {
        await using var cluster = new ElectionCluster();
        var leader = await cluster.StartLeaderAsync("leader");
        await cluster.AdvanceAsync(TimeSpan.FromSeconds(1));
        cluster.Server.ClearRequests();

        await cluster.WhileAdvancingAsync(leader.Term!.PublishAddressAsync("http://10.0.0.7:8081", TestContext.Current.CancellationToken), TimeSpan.FromMilliseconds(1));
        Assert.Equal("http://10.0.0.7:8081", (await cluster.ReadAsync()).Data!["address"]);
        Assert.Single(cluster.Server.Requests, r => r.User == "leader");

        await cluster.AdvanceAsync(TimeSpan.FromSeconds(1.9));
        Assert.Single(cluster.Server.Requests, r => r.User == "leader");
    }

    [Fact]
    public async Task Renewals_keep_the_last_address_however_many_are_published()
    {
        await using var cluster = new ElectionCluster();
        var leader = await cluster.StartLeaderAsync("leader");
        var published = Enumerable.Range(0, 50).Select(i => leader.Term!.PublishAddressAsync($"http://{i}", TestContext.Current.CancellationToken)).ToList();
        await cluster.WhileAdvancingAsync(Task.WhenAll(published));
        await cluster.AdvanceAsync(TimeSpan.FromSeconds(10));
        Assert.Equal("http://49", (await cluster.ReadAsync()).Data!["address"]);
    }

    [Theory]
    [InlineData("lose response")]
    [InlineData("lose request")]
    [InlineData("fail")]
    public async Task Publishing_goes_on_until_it_is_known_to_be_written(string what)
    {
        await using var cluster = new ElectionCluster();
        var leader = await cluster.StartLeaderAsync("leader");
        leader.Client.Inject((what == "lose response" ? FaultRule.LoseResponse() : what == "lose request" ? FaultRule.LoseRequest() : FaultRule.Fail()) with { Verb = "patch", Times = 2 });
        await cluster.WhileAdvancingAsync(leader.Term!.PublishAddressAsync("http://a", TestContext.Current.CancellationToken), TimeSpan.FromSeconds(3));
        Assert.Equal("http://a", (await cluster.ReadAsync()).Data!["address"]);
    }

    [Fact]
    public async Task After_the_term_publishing_is_refused_and_nothing_is_written()
    {
        await using var cluster = new ElectionCluster();
        var leader = await cluster.StartLeaderAsync("leader");
        var term = leader.Term!;
        leader.Client.Partition();
        var pending = term.PublishAddressAsync("http://late", TestContext.Current.CancellationToken);
        var exception = await Assert.ThrowsAsync<LeadershipLostException>(() => cluster.WhileAdvancingAsync(pending));
        Assert.Equal(LeadershipLossReason.RenewDeadlineExceeded, exception.Reason);
        Assert.Contains("RenewDeadline", exception.Message, StringComparison.Ordinal);

        leader.Client.Heal();
        await Assert.ThrowsAsync<LeadershipLostException>(() => term.PublishAddressAsync("http://later", TestContext.Current.CancellationToken));
        await cluster.UntilAsync(() => leader.Leads, TimeSpan.FromSeconds(20), "it leads anew");
        Assert.DoesNotContain("address", (await cluster.ReadAsync()).Data!.Keys);
    }

    [Theory]
    [InlineData("")]
    [InlineData("  ")]
    [InlineData("http://a\nb")]
    public async Task An_address_that_makes_no_sense_is_refused(string address)
    {
        await using var cluster = new ElectionCluster();
        var leader = await cluster.StartLeaderAsync("leader");
        await Assert.ThrowsAnyAsync<ArgumentException>(() => leader.Term!.PublishAddressAsync(address, TestContext.Current.CancellationToken));
        await Assert.ThrowsAnyAsync<ArgumentException>(() => leader.Term!.PublishAddressAsync(new string('a', 4097), TestContext.Current.CancellationToken));
        Assert.Throws<ArgumentException>(() => leader.Service.ContendAsync("a\0b", TestContext.Current.CancellationToken));

        // Half of a surrogate pair, which no test runner hands over as a parameter.
        Assert.Throws<ArgumentException>(() => leader.Service.ContendAsync("http://a" + '\ud800', TestContext.Current.CancellationToken));
        Assert.Throws<ArgumentException>(() => leader.Service.ContendAsync('\udc00' + "\ufffd", TestContext.Current.CancellationToken));
        _ = leader.Service.ContendAsync("http://\ufffd/\ud83d\ude00", TestContext.Current.CancellationToken);
    }
}
