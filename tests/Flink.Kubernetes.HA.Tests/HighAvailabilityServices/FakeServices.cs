using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Flink.Kubernetes.HA.LeaderElection;
using Flink.Kubernetes.HA.LeaderRetrieval;

namespace Flink.Kubernetes.HA.Tests.HighAvailabilityServices;

/// <summary>Services whose one election wins exactly the terms that a test hands it.</summary>
internal sealed class FakeServices : IHighAvailabilityServices, ILeaderElectionService
{
    private readonly Channel<LeadershipTerm> _terms = Channel.CreateUnbounded<LeadershipTerm>();

    public string ClusterId => "orders";

    public string Namespace => "team";

    public string Identity => "me";

    public LeaderComponent Component => LeaderComponent.Dispatcher;

    /// <summary>Counts how often a term was asked for.</summary>
    public int Asked { get; private set; }

    public void Win(FakeTerm term) => _terms.Writer.TryWrite(term.Term);

    public ILeaderElectionService GetLeaderElection(LeaderComponent component) => this;

    public ILeaderRetrievalService GetLeaderRetrieval(LeaderComponent component) => throw new NotSupportedException();

    public async IAsyncEnumerable<LeadershipTerm> ContendAsync([EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        while (true)
        {
            Asked++;
            yield return await _terms.Reader.ReadAsync(cancellationToken);
        }
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
