using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Flink.Kubernetes.HA.LeaderElection;
using Flink.Kubernetes.HA.LeaderRetrieval;

namespace Flink.Kubernetes.HA.Tests.HighAvailabilityServices;

/// <summary>Services whose one election wins exactly the terms that a test hands over.</summary>
internal sealed class FakeServices : IHighAvailabilityServices, ILeaderElectionService
{
    private readonly Channel<WonTerm> _terms = Channel.CreateUnbounded<WonTerm>();

    public string ClusterId => "orders";

    public string Namespace => "team";

    public string Identity => "me";

    public LeaderComponent Component => LeaderComponent.Dispatcher;

    public void Win(WonTerm term) => _terms.Writer.TryWrite(term);

    public ILeaderElectionService GetLeaderElection(LeaderComponent component) => this;

    public ILeaderRetrievalService GetLeaderRetrieval(LeaderComponent component) => throw new NotSupportedException();

    public async IAsyncEnumerable<LeadershipTerm> ContendAsync([EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        while (true)
        {
            var term = await _terms.Reader.ReadAsync(cancellationToken);
            try
            {
                yield return term.Term;
            }
            finally
            {
                term.WasGivenBack();
            }
        }
    }

    public IAsyncEnumerable<LeadershipTerm> ContendAsync(string address, CancellationToken cancellationToken = default) => ContendAsync(cancellationToken);

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
