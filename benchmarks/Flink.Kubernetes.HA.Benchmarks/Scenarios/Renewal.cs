using Flink.Kubernetes.HA.LeaderElection.Heartbeats;
using Flink.Kubernetes.HA.ConfigMaps.Watching;
using System.Globalization;
using System.Net.Sockets;
using Flink.Kubernetes.HA.ConfigMaps;
using Flink.Kubernetes.HA.Diagnostics;
using Flink.Kubernetes.HA.LeaderElection;
using Flink.Kubernetes.HA.LeaderElection.Locking;
using Flink.Kubernetes.HA.WireFormat;
using Microsoft.Extensions.Logging.Abstractions;
using k8s;

namespace Flink.Kubernetes.HA.Benchmarks.Scenarios;

/// <summary>The cost of renewing a leader's lock, with the requests of the library itself, one after another and without delays.</summary>
internal static class Renewal
{
    private const int WarmUp = 500;
    private const int Patches = 10_000;

    public static async Task RunAsync(Run run, int renewals)
    {
        await using var cluster = new Cluster(run.KubeConfig);
        var configuration = KubernetesClientConfiguration.BuildConfigFromConfigFile(run.KubeConfig);
        var bodies = new CountingHandler(bodies: true);
        using var countedClient = configuration.CreateHaClient(handlers: bodies);
        var floor = (await Floor.WriteAsync(run.KubeConfig, renewals)).Write;
        var connection = new Connection();
        configuration.FirstMessageHandlerSetup = connection.Observe;
        using var client = configuration.CreateHaClient();
        using var metrics = new HaMetrics();
        var identity = $"bench_{Guid.NewGuid():N}";
        var (counted, measured) = (Context(countedClient), Context(client));

        var created = await new LockAcquisition(counted).CreateAsync();
        var won = (await new LockAcquisition(counted).TakeAsync(created.State!, 0, "http://10.0.0.17:8081", null)).Won!;
        var history = new LockHistory(won);

        // Bodies are counted apart, because counting them allocates.
        var bodiesBefore = bodies.Total;
        await RenewAsync(counted, WarmUp, new double[WarmUp]);
        var bodiesAfter = bodies.Total;

        // As a watch lists before there is anything to renew: from the first typed call on, patches are sent in its form (HTTP/2).
        await measured.Requests.ReadAsync(CancellationToken.None);
        await RenewAsync(measured, WarmUp, new double[WarmUp]);

        var milliseconds = new double[renewals];
        var wireBefore = connection.Bytes();
        var allocatedBefore = GC.GetTotalAllocatedBytes(precise: true);
        await RenewAsync(measured, renewals, milliseconds);
        var allocated = GC.GetTotalAllocatedBytes(precise: true) - allocatedBefore;
        var wireAfter = connection.Bytes();
        var (patchBytes, patchMicroseconds) = Patch(won);

        Array.Sort(milliseconds);
        var (sent, received) = ((bodiesAfter.Sent - bodiesBefore.Sent) / WarmUp, (bodiesAfter.Received - bodiesBefore.Received) / WarmUp);
        var (wireSent, wireReceived) = ((wireAfter.Sent - wireBefore.Sent) / renewals, (wireAfter.Received - wireBefore.Received) / renewals);
        run.Report.Table(
            ["n", "bodies: sent, received", "TCP: sent, received", "allocated", "of it the patch", "time p50", "p99", "of it the patch", "floor p50", "floor p99", "÷ floor, p50"],
            [[
                $"{renewals}", $"{sent} B, {received} B", $"{wireSent} B, {wireReceived} B", $"{allocated / renewals} B", $"{patchBytes} B",
                Samples.Text(milliseconds[renewals / 2] / 1000), Samples.Text(milliseconds[renewals * 99 / 100] / 1000), string.Create(CultureInfo.InvariantCulture, $"{patchMicroseconds:0.0} us"),
                Samples.Text(floor.P50), Samples.Text(floor.P99), Samples.Ratio(milliseconds[renewals / 2] / 1000, floor.P50),
            ]]);

        ElectionContext Context(k8s.Kubernetes kubernetes)
        {
            var options = new LeaderElectionOptions();
            var requests = new ConfigMapRequests(
                kubernetes, options.RequestTimeout, maxRetries: 0, TimeProvider.System, NullLogger.Instance, metrics);
            var key = HaNames.LeaderConfigMap(Cluster.Namespace, cluster.Id, Cluster.Component);
            var limited = new LockRequests(requests, key, options.RequestTimeout, new RenewalBudget(options, TimeProvider.System));
            var watches = new SharedWatches(requests, TimeProvider.System, NullLoggerFactory.Instance, metrics);
            return new ElectionContext(
                Cluster.Component, cluster.Id, identity, options, limited, TimeProvider.System, NullLogger.Instance, metrics)
            {
                Heartbeats = ProcessHeartbeats.Create(
                    Cluster.Namespace, cluster.Id, identity, options, requests, watches, TimeProvider.System, NullLoggerFactory.Instance, metrics),
            };
        }

        // As LeaseKeeper does it.
        async Task RenewAsync(ElectionContext context, int times, double[] elapsed)
        {
            for (var i = 0; i < times; i++)
            {
                var start = TimeProvider.System.GetTimestamp();
                var next = history.Next(context, won.Term.Address, 0);
                var result = await context.Requests.PatchAsync(LockPatches.Replace(history.Latest.Texts, next.Texts, []));
                if (result.Outcome != LockWriteOutcome.Written)
                {
                    throw new InvalidOperationException($"A renewal was not written: {result.Outcome}.", result.Error);
                }

                history.Written(next, result.Stored!.ResourceVersion);
                elapsed[i] = TimeProvider.System.GetElapsedTime(start).TotalMilliseconds;
            }
        }
    }

    private static (long Bytes, double Microseconds) Patch(WonLock won)
    {
        var texts = won.Sent.Texts;
        var (bytes, best) = (0L, TimeSpan.MaxValue);
        for (var round = 0; round < 10; round++)
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            var start = TimeProvider.System.GetTimestamp();
            for (var i = 0; i < Patches; i++)
            {
                GC.KeepAlive(LockPatches.Replace(texts, texts, []));
            }

            // The best round: the others were compiled less or disturbed more.
            var elapsed = TimeProvider.System.GetElapsedTime(start);
            (bytes, best) = (GC.GetAllocatedBytesForCurrentThread() - before, elapsed < best ? elapsed : best);
        }

        return (bytes / Patches, best.TotalMicroseconds / Patches);
    }

    /// <summary>The bytes of a client's only connection, with TLS and HTTP/2, as Linux counts them: a stream that counts would allocate.</summary>
    private sealed class Connection
    {
        private const int Tcp = 6;
        private const int TcpInfo = 11;
        private const int BytesReceived = 128;
        private const int BytesSent = 200;

        private Socket? _socket;

        public void Observe(SocketsHttpHandler handler)
        {
            var connect = handler.ConnectCallback!;
            handler.ConnectCallback = async (context, cancellationToken) =>
            {
                var stream = await connect(context, cancellationToken);
                _socket = _socket is null
                    ? ((NetworkStream)stream).Socket
                    : throw new InvalidOperationException("There is more than one connection.");
                return stream;
            };
        }

        public (long Sent, long Received) Bytes()
        {
            Span<byte> info = stackalloc byte[256];
            var length = _socket!.GetRawSocketOption(Tcp, TcpInfo, info);
            return length >= BytesSent + sizeof(long)
                ? (BitConverter.ToInt64(info[BytesSent..]), BitConverter.ToInt64(info[BytesReceived..]))
                : throw new NotSupportedException("This system does not count the bytes of a connection.");
        }
    }
}
