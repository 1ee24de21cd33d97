using Flink.Kubernetes.HA.Testing;

namespace Flink.Kubernetes.HA.Tests.Documentation;

/// <summary>The test in docs/testing.md: what is between the marks is the same there.</summary>
public sealed class TestingGuideExample
{
    [Fact]
    public async Task A_leader_is_elected_and_followed()
    {
        var cancellationToken = TestContext.Current.CancellationToken;

        // <testing>
        using var server = new InMemoryApiServer();
        using var client = server.CreateClient();
        await using var services = new KubernetesHaServices(new KubernetesHaOptions { ClusterId = "orders", Namespace = "test" }, client);
        await foreach (var term in services.GetLeaderElection(LeaderComponent.Dispatcher).ContendAsync("http://10.0.0.7:8081", cancellationToken))
        {
            var leader = await services.GetLeaderRetrieval(LeaderComponent.Dispatcher).WatchAsync(cancellationToken)
                .FirstAsync(found => found is not null, cancellationToken);
            leader!.FencingToken.Should().Be(term.FencingToken);
            break; // leaving the loop ends the term and releases the lock
        }

        server.Requests.Should().Contain(request => request.Verb == "patch" && request.Name == "orders-dispatcher-leader");
        // </testing>
    }
}
