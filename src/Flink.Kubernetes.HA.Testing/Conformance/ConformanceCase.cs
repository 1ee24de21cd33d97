using Flink.Kubernetes.HA.Testing.Conformance;

namespace Flink.Kubernetes.HA.Testing;

/// <summary>One thing that every implementation of a seam must do.</summary>
public sealed class ConformanceCase
{
    private readonly Func<ConformanceRun, Task> _body;

    internal ConformanceCase(string name, Func<ConformanceRun, Task> body, bool expiresHistory = false) =>
        (Name, _body, ExpiresHistory) = (name, body, expiresHistory);

    /// <summary>The case in one sentence; unique within its suite.</summary>
    public string Name { get; }

    /// <summary>Whether the case makes the server forget its history: nothing else may use that server meanwhile.</summary>
    public bool ExpiresHistory { get; }

    /// <summary>Runs the case in a namespace of its own.</summary>
    /// <param name="harness">The implementation under test.</param>
    /// <param name="cancellationToken">Ends the run.</param>
    /// <exception cref="ConformanceException">The implementation does not conform, or took longer than <see cref="KubeClientHarness.TimeLimit"/>.</exception>
    public async Task RunAsync(KubeClientHarness harness, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(harness);
        using var limit = new CancellationTokenSource(harness.TimeLimit, harness.TimeProvider);
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        try
        {
            var client = harness.CreateClient();
            await using (client.ConfigureAwait(false))
            {
                var namespaceName = await harness.CreateNamespaceAsync(linked.Token).ConfigureAwait(false);
                await _body(new ConformanceRun(harness, client, namespaceName, linked.Token)).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException exception) when (limit.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            throw new ConformanceException($"Not done after {harness.TimeLimit.TotalSeconds:0} s: an event or an answer is missing.", exception);
        }
    }

    /// <summary>Returns the name.</summary>
    public override string ToString() => Name;
}
