using Flink.Kubernetes.HA.KubeClient;

namespace Flink.Kubernetes.HA.Testing;

/// <summary>What the conformance suite needs of an <see cref="IKubeClient"/> and of the server behind it.</summary>
/// <remarks>One harness may run many cases, also at once: every case works in a namespace of its own.</remarks>
public abstract class KubeClientHarness : IAsyncDisposable
{
    /// <summary>The clock of the time limits.</summary>
    /// <value>Default: <see cref="TimeProvider.System"/>.</value>
    public virtual TimeProvider TimeProvider => TimeProvider.System;

    /// <summary>How long one case may take.</summary>
    /// <value>Default: 60 s.</value>
    public virtual TimeSpan TimeLimit => TimeSpan.FromSeconds(60);

    /// <summary>Creates a client that may do everything; the case disposes it.</summary>
    public abstract IKubeClient CreateClient();

    /// <summary>Creates a client whose user has no rights in the namespace; the case disposes it.</summary>
    /// <param name="namespaceName">The namespace, as <see cref="CreateNamespaceAsync"/> made it.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public abstract Task<IKubeClient> CreateClientWithoutRightsAsync(string namespaceName, CancellationToken cancellationToken);

    /// <summary>Makes an empty namespace that nobody else uses and returns its name.</summary>
    /// <param name="cancellationToken">Ends the wait.</param>
    public abstract Task<string> CreateNamespaceAsync(CancellationToken cancellationToken);

    /// <summary>
    /// Makes the server forget its history: watches and continue tokens from before fail with
    /// <see cref="KubeFailure.Gone"/>, running watches may break, and the objects stay as they are.
    /// </summary>
    /// <remarks>Only cases with <see cref="ConformanceCase.ExpiresHistory"/> ask for it.</remarks>
    /// <param name="cancellationToken">Ends the wait.</param>
    public abstract Task ExpireHistoryAsync(CancellationToken cancellationToken);

    /// <summary>Releases what the harness holds.</summary>
    public virtual ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        return ValueTask.CompletedTask;
    }
}
