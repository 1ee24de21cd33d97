using Flink.Kubernetes.HA.Testing;
using k8s.Models;

namespace Flink.Kubernetes.HA.Tests.Testing;

/// <summary>An in-memory server and a client that faults can be injected into.</summary>
public abstract class FaultyCluster : InMemoryCluster
{
    protected FaultyCluster()
    {
        Faults = new FaultInjectingHandler(Time);
        Faulty = Server.CreateClient("admin", Faults);
    }

    protected FaultInjectingHandler Faults { get; }

    protected k8s.Kubernetes Faulty { get; }

    public override void Dispose()
    {
        Faulty.Dispose();
        base.Dispose();
        GC.SuppressFinalize(this);
    }

    protected static async Task<HttpRequestError> ErrorOfAsync(Func<Task> action) =>
        (await action.Should().ThrowAsync<HttpRequestException>()).Which.HttpRequestError;

    protected Task<V1ConfigMap> AddAsync(string name) => CreateAsync(NewMap(name), Faulty);
}
