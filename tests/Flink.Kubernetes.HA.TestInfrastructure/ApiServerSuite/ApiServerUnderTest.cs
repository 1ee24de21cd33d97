namespace Flink.Kubernetes.HA.TestInfrastructure.ApiServerSuite;

/// <summary>What the suite needs of an API server. Many cases may use one server at once: each has a namespace of its own.</summary>
public abstract class ApiServerUnderTest : IAsyncDisposable
{
    /// <summary>Creates a client that may do everything; the caller disposes it.</summary>
    public abstract k8s.Kubernetes CreateClient();

    /// <summary>Creates a client whose user has no rights in the namespace; the caller disposes it.</summary>
    public abstract Task<k8s.Kubernetes> CreateClientWithoutRightsAsync(string namespaceName, CancellationToken cancellationToken);

    /// <summary>Creates an empty namespace that nobody else uses, and returns its name.</summary>
    public abstract Task<string> CreateNamespaceAsync(CancellationToken cancellationToken);

    /// <summary>
    /// Makes the server forget its history: watches and continue tokens from before are answered with 410, open watches may
    /// break, and the objects stay as they are. Nothing else may use the server meanwhile.
    /// </summary>
    public abstract Task ExpireHistoryAsync(CancellationToken cancellationToken);

    public virtual ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        return ValueTask.CompletedTask;
    }
}
