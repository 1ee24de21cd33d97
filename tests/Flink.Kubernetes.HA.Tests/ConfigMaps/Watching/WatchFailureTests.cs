namespace Flink.Kubernetes.HA.Tests.ConfigMaps.Watching;

/// <summary>Promise P10: what impairs a watch is reported once, and its end too.</summary>
public sealed class WatchFailureTests : WatchTestBase
{
    [Fact]
    public async Task Forbidden_then_granted_is_one_warning_with_the_verb_one_recovery_and_then_the_state()
    {
        var granted = false;
        Server.OnList = (_, _) => Task.FromResult(granted
            ? ScriptedWatches.List("3", ScriptedWatches.Item("3", "a"))
            : Answer.Status(403, "Forbidden", "User \"x\" cannot list resource \"configmaps\""));
        await using var subscription = Subscribe();
        var failure = (await NextFailureAsync(subscription)).Should().BeOfType<KubernetesHaException>().Which;
        failure.Failure.Should().Be(KubernetesFailure.Forbidden);
        subscription.Failure.Should().BeSameAs(failure);
        subscription.Current.Should().BeNull();

        var next = subscription.NextStateAsync(Canceled);
        await AdvanceAsync(TimeSpan.FromMinutes(2));
        next.IsCompleted.Should().BeFalse();
        Logs.Of(206).Should().ContainSingle().Which.Should().Contain("'list'");
        Server.Lists.Should().BeInRange(12, 35);

        granted = true;
        await PassAsync(next, TimeSpan.FromSeconds(10));
        Value(await next).Should().Be("a");
        (await NextFailureAsync(subscription)).Should().BeNull();
        Logs.Of(207).Should().ContainSingle();
    }

    [Fact]
    public async Task A_watch_that_is_refused_although_the_list_is_not_is_reported_once_and_again_at_a_slow_pace()
    {
        var begun = Time.GetTimestamp();
        Server.OnWatch = _ => Answer.Status(403, "Forbidden", "User \"x\" cannot watch resource \"configmaps\"");
        await using var subscription = Subscribe();
        (await Time.AdvanceUntilAsync(() => Server.Watches >= 100, TimeSpan.FromMinutes(20), cancellationToken: Canceled)).Should().BeTrue();

        Server.Lists.Should().BeGreaterThan(1);
        Logs.Of(206).Should().HaveCount(1 + (int)(Time.GetElapsedTime(begun) / TimeSpan.FromMinutes(5.2)));
        Logs.Of(207).Should().BeEmpty();
    }

    [Fact]
    public async Task One_broken_connection_impairs_nothing_and_the_second_in_a_row_does()
    {
        await using var subscription = Subscribe();
        (await Server.NextConnectionAsync()).Break();
        var connection = await NextConnectionWithinAsync(TimeSpan.FromSeconds(1));
        subscription.Failure.Should().BeNull();

        connection.Break();
        connection = await NextConnectionWithinAsync(TimeSpan.FromSeconds(1));
        (await NextFailureAsync(subscription)).Should().BeOfType<KubernetesHaException>();

        // Nothing arrives, but the connection stays open: that is health too.
        (await Time.AdvanceUntilAsync(() => subscription.Failure is null, TimeSpan.FromSeconds(15), cancellationToken: Canceled)).Should().BeTrue();
        Logs.Of(205).Should().ContainSingle();
        Logs.Of(207).Should().ContainSingle();
        Server.OpenConnections.Should().Be(1);
    }

    [Fact]
    public async Task An_outage_is_over_when_a_list_is_answered()
    {
        await using var subscription = Subscribe();
        (await Server.NextConnectionAsync()).Break();
        (await NextConnectionWithinAsync(TimeSpan.FromSeconds(1))).Break();
        var connection = await NextConnectionWithinAsync(TimeSpan.FromSeconds(1));
        (await NextFailureAsync(subscription)).Should().NotBeNull();

        connection.Expire();

        (await NextFailureAsync(subscription)).Should().BeNull();
    }

    [Theory]
    [InlineData(30, 30)]
    [InlineData(3600, 60)]
    public async Task A_server_that_asks_to_wait_is_obeyed_within_reason(int asked, int waited)
    {
        Server.OnList = (number, _) => Task.FromResult(number == 1
            ? Answer.Status(429, "TooManyRequests", headers: ("Retry-After", $"{asked}"))
            : ScriptedWatches.List("1"));
        await using var subscription = Subscribe();

        await AdvanceAsync(TimeSpan.FromSeconds(waited - 1));
        Server.Lists.Should().Be(1);
        await AdvanceAsync(TimeSpan.FromSeconds(1));
        Server.Lists.Should().Be(2);
    }

    [Fact]
    public async Task A_list_that_hangs_is_abandoned_and_tried_again()
    {
        Server.OnList = async (number, cancellationToken) =>
        {
            if (number == 1)
            {
                await Task.Delay(Timeout.InfiniteTimeSpan, Time, cancellationToken);
            }

            return ScriptedWatches.List("3", ScriptedWatches.Item("3", "a"));
        };
        await using var subscription = Subscribe();
        var next = subscription.NextStateAsync(Canceled);

        await AdvanceAsync(TimeSpan.FromSeconds(61));

        Value(await next).Should().Be("a");
    }

    [Fact]
    public async Task A_list_without_a_resource_version_is_a_failure()
    {
        Server.OnList = (_, _) => Task.FromResult(ScriptedWatches.List(null));
        await using var subscription = Subscribe();

        (await NextFailureAsync(subscription)).Should().BeOfType<KubernetesHaException>().Which.Failure.Should().Be(KubernetesFailure.UnexpectedResponse);
        subscription.Current.Should().BeNull();
    }

    [Fact]
    public async Task A_defect_of_the_client_is_survived()
    {
        Server.OnList = (number, _) => number == 1 ? throw new InvalidCastException("Scripted: a defect.") : Task.FromResult(ScriptedWatches.List("1"));
        await using var subscription = Subscribe();

        await NextConnectionWithinAsync(TimeSpan.FromSeconds(1));

        (await NextAsync(subscription)).ConfigMap.Should().BeNull();
    }
}

/// <summary>Promise P10, with a time limit of requests that is longer than an open watch needs to count as healthy.</summary>
public sealed class WatchWithLongTimeLimitTests() : WatchTestBase(requestTimeoutInSeconds: 30)
{
    [Fact]
    public async Task A_watch_that_the_server_does_not_answer_is_impaired_until_it_is_open()
    {
        var hangs = true;
        Server.BeforeWatch = token => hangs ? Task.Delay(Timeout.InfiniteTimeSpan, Time, token) : Task.CompletedTask;
        await using var subscription = Subscribe();

        await AdvanceAsync(TimeSpan.FromMinutes(3));
        subscription.Failure.Should().BeOfType<KubernetesHaException>().Which.Failure.Should().Be(KubernetesFailure.Timeout);
        Logs.Of(205).Should().ContainSingle();
        Logs.Of(207).Should().BeEmpty();

        hangs = false;
        (await Time.AdvanceUntilAsync(() => subscription.Failure is null, TimeSpan.FromMinutes(2), cancellationToken: Canceled)).Should().BeTrue();
    }
}
