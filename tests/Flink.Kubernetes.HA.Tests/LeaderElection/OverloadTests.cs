using System.Globalization;
using Flink.Kubernetes.HA.Testing;
using k8s;

namespace Flink.Kubernetes.HA.Tests.LeaderElection;

/// <summary>A process that leads many components on a server that is too slow for their renewals (promises P2, P3, P8).</summary>
[Collection(SimulatedTime.Name)]
public sealed class OverloadTests : IAsyncDisposable
{
    private const int Components = 1_000;
    private const int SteadyRate = Components / 2;

    private readonly ManualTimeProvider _time = new();
    private readonly InMemoryApiServer _server;
    private readonly SlowServer _slow;
    private readonly k8s.Kubernetes _client;
    private readonly KubernetesHaServices _services;
    private readonly CancellationTokenSource _stop = new();
    private readonly List<Task> _leaders = [];
    private int _leading;
    private int _won;
    private int _lost;

    public OverloadTests()
    {
        _server = new InMemoryApiServer(_time);
        _slow = new SlowServer(_time);
        _client = _server.CreateClient("leader", _slow);
        // Events would be counted among the requests, and their end would have to be waited for in simulated time.
        var options = new KubernetesHaOptions { ClusterId = "orders", Namespace = "default", Identity = "leader" };
        options.LeaderElection.EmitEvents = false;
        _services = new KubernetesHaServices(options, _client, _time);
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task All_terms_are_kept_on_a_server_that_answers_less_than_the_steady_rate_but_enough_for_the_deadlines()
    {
        await LeadAsync();
        _slow.Rate = 0.4 * SteadyRate;

        var most = await RunAsync(TimeSpan.FromSeconds(40));

        _lost.Should().Be(0);
        _leading.Should().Be(Components);
        most.Should().BeLessThan(3 * SteadyRate / 2);
    }

    [Fact]
    public async Task On_a_server_that_is_too_slow_for_the_deadlines_as_many_terms_are_kept_as_it_can_renew()
    {
        await LeadAsync();

        // Each term must be renewed once in 10 s: this is enough for 600.
        _slow.Rate = 60;
        var most = await RunAsync(TimeSpan.FromSeconds(30));
        var (lost, kept) = (_lost, _leading);
        most = Math.Max(most, await RunAsync(TimeSpan.FromSeconds(20)));

        kept.Should().BeGreaterThan(400, "terms lost: {0}", lost);
        (_lost - lost).Should().BeLessThan(30, "what is left can be renewed");
        most.Should().BeLessThan(3 * SteadyRate / 2);

        // It recovers: what was lost is led again.
        _slow.Rate = 10_000;
        (await _time.AdvanceUntilAsync(() => _leading == Components, TimeSpan.FromSeconds(30), cancellationToken: Token)).Should().BeTrue("{0} are led", _leading);
    }

    [Fact]
    public async Task An_outage_is_met_with_at_most_half_the_steady_rate_of_retries_and_costs_no_term()
    {
        await LeadAsync();
        _slow.IsDown = true;

        var most = await RunAsync(TimeSpan.FromSeconds(7));

        most.Should().BeLessThan(3 * SteadyRate / 2);
        _slow.IsDown = false;
        await RunAsync(TimeSpan.FromSeconds(20));
        (_lost, _leading).Should().Be((0, Components));
    }

    [Theory]
    [InlineData(3)]
    [InlineData(60)]
    public async Task A_pause_that_the_server_asks_for_is_kept_by_all_terms_as_long_as_it_costs_none(int seconds)
    {
        await LeadAsync();
        _slow.RetryAfter = TimeSpan.FromSeconds(seconds);
        await RunAsync(TimeSpan.FromSeconds(1));
        _slow.RetryAfter = null;
        var before = _slow.Received;
        await RunAsync(TimeSpan.FromSeconds(1));

        (_slow.Received - before).Should().BeLessThan(SteadyRate / 10, "each term would have sent one in two seconds");
        await RunAsync(TimeSpan.FromSeconds(20));
        (_lost, _leading).Should().Be((0, Components));
    }

    public async ValueTask DisposeAsync()
    {
        _slow.Rate = 10_000;
        await _stop.CancelAsync();
        (await _time.AdvanceUntilAsync(() => _leaders.TrueForAll(leader => leader.IsCompleted), TimeSpan.FromMinutes(1), cancellationToken: Token)).Should().BeTrue();
        await _services.DisposeAsync();
        _client.Dispose();
        _server.Dispose();
        _slow.Dispose();
        _stop.Dispose();
    }

    private async Task LeadAsync()
    {
        _slow.Rate = 10_000;
        for (var i = 0; i < Components; i++)
        {
            var election = _services.GetLeaderElection(LeaderComponent.Custom($"c{i.ToString(CultureInfo.InvariantCulture)}"));
            _leaders.Add(Task.Run(() => LeadAsync(election), Token));
        }

        (await _time.AdvanceUntilAsync(() => _leading == Components, TimeSpan.FromSeconds(30), cancellationToken: Token)).Should().BeTrue("{0} are led", _leading);
        await RunAsync(TimeSpan.FromSeconds(4));
    }

    private async Task LeadAsync(ILeaderElectionService election)
    {
        try
        {
            await foreach (var term in election.ContendAsync(_stop.Token))
            {
                await using (term)
                {
                    Interlocked.Increment(ref _won);
                    Interlocked.Increment(ref _leading);
                    await Task.Delay(Timeout.InfiniteTimeSpan, term.Stopping).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                    Interlocked.Decrement(ref _leading);
                    Interlocked.Add(ref _lost, term.LossReason is LeadershipLossReason.RenewDeadlineExceeded ? 1 : 0);
                }
            }
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
        }
    }

    /// <summary>Runs, and returns the most requests to locks in a second.</summary>
    private async Task<int> RunAsync(TimeSpan duration)
    {
        var most = 0;
        for (var second = 0; second < duration.TotalSeconds; second++)
        {
            var before = _slow.Received;
            await _time.AdvanceAsync(TimeSpan.FromSeconds(1), TimeSpan.FromMilliseconds(10), Token);
            most = Math.Max(most, _slow.Received - before);
        }

        return most;
    }

    /// <summary>Answers one request after another, at a rate; also those for which nobody waits any more.</summary>
    private sealed class SlowServer(TimeProvider time) : DelegatingHandler
    {
        private readonly Lock _gate = new();
        private long _free;
        private int _received;

        public double Rate { get; set; }

        public bool IsDown { get; set; }

        /// <summary>Refuses with 429 and this pause.</summary>
        public TimeSpan? RetryAfter { get; set; }

        public int Received => _received;

        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            if (!request.RequestUri!.Query.Contains("Selector", StringComparison.Ordinal))
            {
                Interlocked.Increment(ref _received);
                if (IsDown)
                {
                    throw new HttpRequestException(HttpRequestError.ConnectionError, "It is down.");
                }

                if (RetryAfter is { } pause)
                {
                    return new HttpResponseMessage(System.Net.HttpStatusCode.TooManyRequests)
                    {
                        RequestMessage = request,
                        Content = new StringContent("""{"kind":"Status","apiVersion":"v1","status":"Failure","reason":"TooManyRequests","code":429}""", null, "application/json"),
                        Headers = { RetryAfter = new(pause) },
                    };
                }

                await Task.Delay(Place(), time, cancellationToken);
            }

            return await base.SendAsync(request, cancellationToken);
        }

        private TimeSpan Place()
        {
            lock (_gate)
            {
                var now = time.GetTimestamp();
                _free = Math.Max(_free, now) + (long)(time.TimestampFrequency / Rate);
                return time.GetElapsedTime(now, _free);
            }
        }
    }
}
