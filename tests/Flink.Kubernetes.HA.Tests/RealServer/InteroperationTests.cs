using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using Flink.Kubernetes.HA.LeaderElection;
using Flink.Kubernetes.HA.Tests.ApiServer;

namespace Flink.Kubernetes.HA.Tests.RealServer;

/// <summary>Others on the same objects: kubectl reads them, and client-go contends for the same lock.</summary>
public sealed class InteroperationTests(ApiServerFixture server)
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Kubectl_reads_who_leads_and_where()
    {
        await using var election = await RealElection.StartAsync(await server.GetAsync());
        await using var terms = election.CreateServices("leader").GetLeaderElection(RealElection.Component).ContendAsync("http://leader:8081", Cancelled).GetAsyncEnumerator(Cancelled);
        Assert.True(await terms.MoveNextAsync());

        var json = JsonNode.Parse(await KubectlAsync(election, "get", "configmap", election.Key.Name, "-o", "json"))!;
        Assert.Equal("http://leader:8081", (string?)json["data"]!["address"]);
        Assert.Equal(terms.Current.SessionId.ToString(), (string?)json["data"]!["sessionId"]);
        Assert.Equal(terms.Current.FencingToken.ToString(CultureInfo.InvariantCulture), (string?)json["data"]!["fencingToken"]);
        var record = JsonNode.Parse((string)json["metadata"]!["annotations"]!["control-plane.alpha.kubernetes.io/leader"]!)!;
        Assert.StartsWith("leader_", (string?)record["holderIdentity"], StringComparison.Ordinal);
        Assert.Equal(15, (int?)record["leaseDurationSeconds"]);
        Assert.Matches(@"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$", (string?)record["renewTime"]);
        var listed = await KubectlAsync(election, "get", "configmaps", "-l", "app=orders,type=flink-native-kubernetes,configmap-type=high-availability", "-o", "name");
        Assert.Equal($"configmap/{election.Key.Name}", listed.Trim());

        // An operator hands the leadership over by clearing the holder.
        var lost = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var registration = terms.Current.Lost.Register(() => lost.TrySetResult());
        await KubectlAsync(election, "annotate", "--overwrite", "configmap", election.Key.Name, """control-plane.alpha.kubernetes.io/leader={"holderIdentity":""}""");
        await lost.Task.WaitAsync(TimeSpan.FromSeconds(5), Cancelled);
    }

    [Fact]
    public async Task A_client_go_contender_and_ours_wait_for_each_other_and_take_over_from_each_other()
    {
        await using var election = await RealElection.StartAsync(await server.GetAsync());
        await using (var terms = Contend(election, "ours-1"))
        {
            // Ours leads: client-go waits for as long as we renew, and takes over when we release.
            Assert.True(await terms.MoveNextAsync());
            using var theirs = await ClientGo.StartAsync(election, "theirs");
            await TestTime.PassAsync(TimeSpan.FromSeconds(8));
            Assert.False(theirs.Started.IsCompleted);
            Assert.True(terms.Current.IsLeading);

            var told = election.HearAsync(l => l.Address == "http://ours-1");
            await told;
            await terms.Current.DisposeAsync();
            await theirs.Started.WaitAsync(TimeSpan.FromSeconds(10), Cancelled);

            // Their term has no address, and ours of before is not told for theirs.
            Assert.Null(election.Retrieval.Current);

            // client-go leads: ours waits for as long as it renews, and takes over at once when it releases.
            var waiting = terms.MoveNextAsync().AsTask();
            await TestTime.PassAsync(TimeSpan.FromSeconds(8));
            Assert.False(waiting.IsCompleted);
            theirs.Terminate();
            Assert.True(await waiting.WaitAsync(TimeSpan.FromSeconds(5), Cancelled));
            Assert.Contains("stopped", await theirs.EndAsync(), StringComparison.Ordinal);
        }

        // client-go is killed: ours takes over after its lease, and not before.
        using var killed = await ClientGo.StartAsync(election, "killed");
        await killed.Started.WaitAsync(TimeSpan.FromSeconds(20), Cancelled);
        await using var last = Contend(election, "ours-2");
        var takeover = last.MoveNextAsync().AsTask();
        await TestTime.PassAsync(TimeSpan.FromSeconds(2));
        var before = TimeProvider.System.GetTimestamp();
        killed.Kill();
        Assert.True(await takeover.WaitAsync(TimeSpan.FromSeconds(20), Cancelled));
        Assert.InRange(TimeProvider.System.GetElapsedTime(before), ClientGo.Lease - TimeSpan.FromSeconds(1.5), ClientGo.Lease + TimeSpan.FromSeconds(1));
        // theirs, ours, killed, ours: both count every change of hands.
        Assert.Equal(4, JsonNode.Parse((await election.ReadAsync()).Metadata.Annotations!["control-plane.alpha.kubernetes.io/leader"])!["leaderTransitions"]!.GetValue<int>());
    }

    private static IAsyncEnumerator<LeadershipTerm> Contend(RealElection election, string name) =>
        election.CreateServices(name, times: t =>
        {
            (t.LeaseDuration, t.RenewDeadline) = (TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(3));
            (t.RetryPeriod, t.RequestTimeout) = (TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(1));
        }).GetLeaderElection(RealElection.Component).ContendAsync($"http://{name}", Cancelled).GetAsyncEnumerator(Cancelled);

    private static async Task<string> KubectlAsync(RealElection election, params string[] arguments)
    {
        var start = new ProcessStartInfo("kubectl", ["--kubeconfig", election.Server.KubeConfigPath!, "-n", election.Namespace, .. arguments])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using var kubectl = Process.Start(start)!;
        var output = kubectl.StandardOutput.ReadToEndAsync(Cancelled);
        var errors = kubectl.StandardError.ReadToEndAsync(Cancelled);
        await kubectl.WaitForExitAsync(Cancelled);
        Assert.True(kubectl.ExitCode == 0, await errors);
        return await output;
    }
}
