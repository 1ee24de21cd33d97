using Flink.Kubernetes.HA.KubeClient;

namespace Flink.Kubernetes.HA.Tests.KubeClient.Watching;

/// <summary>Promise P10: what impairs a watch is told once, and its end too.</summary>
public sealed class WatchFailureTests : WatchTestBase
{
    [Fact]
    public async Task Forbidden_then_granted_is_one_warning_with_the_verb_one_recovery_and_then_the_state()
    {
        var granted = false;
        Client.OnList = (_, _) => granted
            ? Task.FromResult(new KubeList<ConfigMap>([ScriptedKubeClient.Item("3", "a")], "3"))
            : throw new KubeClientException(KubeFailure.Forbidden, "Scripted: forbidden.") { Verb = "list", Resource = "configmaps" };
        await using var subscription = Subscribe();
        var failure = Assert.IsType<KubeClientException>(await NextFailureAsync(subscription));
        Assert.Equal(KubeFailure.Forbidden, failure.Failure);
        Assert.Same(failure, subscription.Failure);
        Assert.Null(subscription.Current);

        var next = subscription.NextAsync(Cancelled).AsTask();
        await Time.AdvanceAsync(TimeSpan.FromMinutes(2), cancellationToken: Cancelled);
        Assert.False(next.IsCompleted);
        Assert.Contains("'list'", Assert.Single(Logs.Of(206)), StringComparison.Ordinal);
        Assert.InRange(Client.Lists, 12, 35);

        granted = true;
        Assert.True(await Time.AdvanceUntilAsync(() => next.IsCompleted, TimeSpan.FromSeconds(10), cancellationToken: Cancelled));
        Assert.Equal("a", Value(await next));
        Assert.Null(await NextFailureAsync(subscription));
        Assert.Single(Logs.Of(207));
    }

    [Fact]
    public async Task A_watch_that_is_refused_although_the_list_is_not_is_told_once()
    {
        await using var subscription = Subscribe();
        var refusals = 0;
        var refusing = true;
        while (refusing)
        {
            var connection = await NextConnectionWithinAsync(TimeSpan.FromSeconds(10));
            refusing = ++refusals < 100;
            connection.Fail(KubeFailure.Forbidden);
        }

        Assert.True(Client.Lists > 1);
        Assert.Single(Logs.Of(206));
        Assert.Empty(Logs.Of(207));
    }

    [Fact]
    public async Task One_broken_connection_impairs_nothing_and_the_second_in_a_row_does()
    {
        await using var subscription = Subscribe();
        (await Client.NextConnectionAsync()).Fail(KubeFailure.Unavailable);
        var connection = await NextConnectionWithinAsync(TimeSpan.FromSeconds(1));
        Assert.Null(subscription.Failure);

        connection.Fail(KubeFailure.Unavailable);
        connection = await NextConnectionWithinAsync(TimeSpan.FromSeconds(1));
        Assert.IsType<KubeClientException>(await NextFailureAsync(subscription));

        // Nothing arrives, but the connection stands: that is health too.
        Assert.True(await Time.AdvanceUntilAsync(() => subscription.Failure is null, TimeSpan.FromSeconds(15), cancellationToken: Cancelled));
        Assert.Single(Logs.Of(205));
        Assert.Single(Logs.Of(207));
        Assert.Equal(1, Client.OpenConnections);
    }

    [Fact]
    public async Task An_outage_is_over_when_a_list_is_answered()
    {
        await using var subscription = Subscribe();
        (await Client.NextConnectionAsync()).Fail(KubeFailure.Unavailable);
        (await NextConnectionWithinAsync(TimeSpan.FromSeconds(1))).Fail(KubeFailure.Unavailable);
        var connection = await NextConnectionWithinAsync(TimeSpan.FromSeconds(1));
        Assert.NotNull(await NextFailureAsync(subscription));

        connection.Fail(KubeFailure.Gone);

        Assert.Null(await NextFailureAsync(subscription));
    }

    [Theory]
    [InlineData(30, 30)]
    [InlineData(3600, 60)]
    public async Task A_server_that_asks_to_wait_is_obeyed_within_reason(int asked, int waited)
    {
        Client.OnList = (number, _) => number == 1
            ? throw new KubeClientException(KubeFailure.TooManyRequests, "Scripted: too busy.") { Verb = "list", RetryAfter = TimeSpan.FromSeconds(asked) }
            : Task.FromResult(new KubeList<ConfigMap>([], "1"));
        await using var subscription = Subscribe();

        await Time.AdvanceAsync(TimeSpan.FromSeconds(waited - 1), cancellationToken: Cancelled);
        Assert.Equal(1, Client.Lists);
        await Time.AdvanceAsync(TimeSpan.FromSeconds(1), cancellationToken: Cancelled);
        Assert.Equal(2, Client.Lists);
    }

    [Fact]
    public async Task A_list_that_hangs_is_given_up_and_tried_again()
    {
        Client.OnList = async (number, cancellationToken) =>
        {
            if (number == 1)
            {
                await Task.Delay(Timeout.InfiniteTimeSpan, Time, cancellationToken);
            }

            return new KubeList<ConfigMap>([ScriptedKubeClient.Item("3", "a")], "3");
        };
        await using var subscription = Subscribe();
        var next = subscription.NextAsync(Cancelled).AsTask();

        await Time.AdvanceAsync(TimeSpan.FromSeconds(61), cancellationToken: Cancelled);

        Assert.Equal("a", Value(await next));
    }

    [Fact]
    public async Task A_list_without_a_resource_version_is_told_as_a_failure()
    {
        Client.OnList = (_, _) => Task.FromResult(new KubeList<ConfigMap>([], null));
        await using var subscription = Subscribe();

        Assert.Equal(KubeFailure.UnexpectedResponse, Assert.IsType<KubeClientException>(await NextFailureAsync(subscription)).Failure);
        Assert.Null(subscription.Current);
    }

    [Fact]
    public async Task A_defect_of_the_client_is_survived()
    {
        Client.OnList = (number, _) => number == 1 ? throw new FormatException("Scripted: a defect.") : Task.FromResult(new KubeList<ConfigMap>([], "1"));
        await using var subscription = Subscribe();

        await NextConnectionWithinAsync(TimeSpan.FromSeconds(1));

        Assert.Null((await NextAsync(subscription)).Object);
    }
}
