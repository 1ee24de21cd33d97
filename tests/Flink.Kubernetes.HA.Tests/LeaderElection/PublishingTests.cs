namespace Flink.Kubernetes.HA.Tests.LeaderElection;

public sealed class PublishingTests : ElectionTests
{
    [Fact]
    public async Task An_address_is_written_at_once_and_counts_as_a_renewal()
    {
        var leader = await World.StartLeaderAsync("leader");
        await World.AdvanceAsync(TimeSpan.FromSeconds(1));
        World.Server.ClearRequests();

        await World.WhileAdvancingAsync(leader.Term!.PublishAddressAsync("http://10.0.0.7:8081", Token), TimeSpan.FromMilliseconds(1));
        (await World.ReadAsync()).Data["address"].Should().Be("http://10.0.0.7:8081");
        World.Server.Requests.Should().ContainSingle(r => r.User == "leader");

        await World.AdvanceAsync(TimeSpan.FromSeconds(1.9));
        World.Server.Requests.Should().ContainSingle(r => r.User == "leader");
    }

    [Fact]
    public async Task Renewals_keep_the_last_address_however_many_are_published()
    {
        var leader = await World.StartLeaderAsync("leader");
        var published = Enumerable.Range(0, 50).Select(i => leader.Term!.PublishAddressAsync($"http://{i}", Token)).ToList();
        await World.WhileAdvancingAsync(Task.WhenAll(published));
        await World.AdvanceAsync(TimeSpan.FromSeconds(10));
        (await World.ReadAsync()).Data["address"].Should().Be("http://49");
    }

    [Theory]
    [InlineData("lose response")]
    [InlineData("lose request")]
    [InlineData("not connected")]
    public async Task Publishing_goes_on_until_it_is_known_to_be_written(string what)
    {
        var leader = await World.StartLeaderAsync("leader");
        leader.Network.Inject(HaWorld.FaultNamed(what) with { Verb = "patch", Times = 2 });
        await World.WhileAdvancingAsync(leader.Term!.PublishAddressAsync("http://a", Token), TimeSpan.FromSeconds(3));
        (await World.ReadAsync()).Data["address"].Should().Be("http://a");
    }

    [Fact]
    public async Task After_the_term_publishing_is_refused_and_nothing_is_written()
    {
        var leader = await World.StartLeaderAsync("leader");
        var term = leader.Term!;
        leader.Network.Partition();
        var pending = term.PublishAddressAsync("http://late", Token);
        var exception = (await Awaiting(() => World.WhileAdvancingAsync(pending)).Should().ThrowExactlyAsync<LeadershipLostException>()).Which;
        exception.Reason.Should().Be(LeadershipLossReason.RenewDeadlineExceeded);
        exception.Message.Should().Contain("RenewDeadline");

        leader.Network.Heal();
        await Awaiting(() => term.PublishAddressAsync("http://later", Token))
            .Should().ThrowExactlyAsync<LeadershipLostException>();
        await World.UntilAsync(() => leader.Leads, TimeSpan.FromSeconds(20), "it leads again");
        (await World.ReadAsync()).Data.Keys.Should().NotContain("address");
    }

    [Theory]
    [InlineData("")]
    [InlineData("  ")]
    [InlineData("http://a\nb")]
    public async Task An_address_that_makes_no_sense_is_refused(string address)
    {
        var leader = await World.StartLeaderAsync("leader");
        await Awaiting(() => leader.Term!.PublishAddressAsync(address, Token))
            .Should().ThrowAsync<ArgumentException>();
        await Awaiting(() => leader.Term!.PublishAddressAsync(new string('a', 4097), Token))
            .Should().ThrowAsync<ArgumentException>();
        Invoking(() => leader.Service.ContendAsync("a\0b", Token)).Should().ThrowExactly<ArgumentException>();

        // Half of a surrogate pair, which no test runner hands over as a parameter.
        Invoking(() => leader.Service.ContendAsync("http://a" + '\ud800', Token))
            .Should().ThrowExactly<ArgumentException>();
        Invoking(() => leader.Service.ContendAsync('\udc00' + "\ufffd", Token))
            .Should().ThrowExactly<ArgumentException>();
        _ = leader.Service.ContendAsync("http://\ufffd/\ud83d\ude00", Token);
    }
}
