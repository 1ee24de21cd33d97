namespace Flink.Kubernetes.HA.RealServer.Tests;

/// <summary>Others on the same objects: kubectl reads them, and client-go contends for the same lock.</summary>
public sealed class InteroperationTests(ApiServerFixture server)
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Kubectl_reads_who_leads_and_where()
    {
        await using var election = await RealElection.StartAsync(await server.GetAsync());
        await using var terms = election.CreateServices("leader").GetLeaderElection(RealElection.Component).ContendAsync("http://leader:8081", Cancelled).GetAsyncEnumerator(Cancelled);
        (await terms.MoveNextAsync()).Should().BeTrue();

        var json = JsonNode.Parse(await KubectlAsync(election, "get", "configmap", election.Key.Name, "-o", "json"))!;
        ((string?)json["data"]!["address"]).Should().Be("http://leader:8081");
        ((string?)json["data"]!["sessionId"]).Should().Be(terms.Current.SessionId.ToString());
        ((string?)json["data"]!["fencingToken"]).Should().Be(terms.Current.FencingToken.ToString(CultureInfo.InvariantCulture));
        var record = JsonNode.Parse((string)json["metadata"]!["annotations"]!["control-plane.alpha.kubernetes.io/leader"]!)!;
        ((string?)record["holderIdentity"]).Should().StartWith("leader_");
        ((int?)record["leaseDurationSeconds"]).Should().Be(15);
        ((string?)record["renewTime"]).Should().MatchRegex(@"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$");
        var listed = await KubectlAsync(election, "get", "configmaps", "-l", "app=orders,type=flink-native-kubernetes,configmap-type=high-availability", "-o", "name");
        listed.Trim().Should().Be($"configmap/{election.Key.Name}");

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
            (await terms.MoveNextAsync()).Should().BeTrue();
            using var theirs = await ClientGo.StartAsync(election, "theirs");
            await TestTime.PassAsync(TimeSpan.FromSeconds(8));
            theirs.Started.IsCompleted.Should().BeFalse();
            terms.Current.IsLeading.Should().BeTrue();

            var told = election.HearAsync(l => l.Address == "http://ours-1");
            await told;
            await terms.Current.DisposeAsync();
            await theirs.Started.WaitAsync(TimeSpan.FromSeconds(10), Cancelled);

            // Their term has no address, and ours of before is not told for theirs.
            election.Retrieval.Current.Should().BeNull();

            // client-go leads: ours waits for as long as it renews, and takes over at once when it releases.
            var waiting = terms.MoveNextAsync().AsTask();
            await TestTime.PassAsync(TimeSpan.FromSeconds(8));
            waiting.IsCompleted.Should().BeFalse();
            theirs.Terminate();
            (await waiting.WaitAsync(TimeSpan.FromSeconds(5), Cancelled)).Should().BeTrue();
            (await theirs.EndAsync()).Should().Contain("stopped");
        }

        // client-go is killed: ours takes over after its lease, and not before.
        using var killed = await ClientGo.StartAsync(election, "killed");
        await killed.Started.WaitAsync(TimeSpan.FromSeconds(20), Cancelled);
        await using var last = Contend(election, "ours-2");
        var takeover = last.MoveNextAsync().AsTask();
        await TestTime.PassAsync(TimeSpan.FromSeconds(2));
        var before = TimeProvider.System.GetTimestamp();
        killed.Kill();
        (await takeover.WaitAsync(TimeSpan.FromSeconds(20), Cancelled)).Should().BeTrue();
        TimeProvider.System.GetElapsedTime(before)
            .Should().BeGreaterThanOrEqualTo(ClientGo.Lease - TimeSpan.FromSeconds(1.5)).And.BeLessThanOrEqualTo(
                ClientGo.Lease + TimeSpan.FromSeconds(5));
        // theirs, ours, killed, ours: both count every change of hands.
        JsonNode.Parse((await election.ReadAsync()).Annotations["control-plane.alpha.kubernetes.io/leader"])!["leaderTransitions"]!.GetValue<int>()
            .Should().Be(4);
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
        kubectl.ExitCode.Should().Be(0, $"the errors are: {await errors}");
        return await output;
    }
}
