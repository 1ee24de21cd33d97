// Measures hand-over, notification, renewal and failover on the API server of KUBECONFIG. See benchmarks/README.md.
using Flink.Kubernetes.HA.Benchmarks;

var kubeConfig = Environment.GetEnvironmentVariable("KUBECONFIG") ?? throw new InvalidOperationException("Set KUBECONFIG: tests/servers/apiserver/start.sh -r COMMAND does.");
switch (args)
{
    case ["handover", var rounds]:
        await HandOverBenchmark.RunAsync(kubeConfig, int.Parse(rounds, null));
        return 0;
    case ["notification", var rounds]:
        await NotificationBenchmark.RunAsync(kubeConfig, int.Parse(rounds, null));
        return 0;
    case ["renewal", var renewals]:
        await RenewalBenchmark.RunAsync(kubeConfig, int.Parse(renewals, null));
        return 0;
    case ["failover", var signal, var pairs, var rounds, .. var peers]:
        await FailoverBenchmark.RunAsync(kubeConfig, signal, int.Parse(pairs, null), int.Parse(rounds, null), peers);
        return 0;
    case ["metadata"]:
        await MetadataBenchmark.CostAsync(kubeConfig);
        return 0;
    case ["recovery"]:
        await MetadataBenchmark.RecoveryAsync(kubeConfig);
        return 0;
    default:
        await Console.Error.WriteLineAsync("usage: handover ROUNDS | notification ROUNDS | renewal TIMES | failover KILL|TERM PAIRS ROUNDS [PEER PROGRAM...] | metadata | recovery");
        return 2;
}
