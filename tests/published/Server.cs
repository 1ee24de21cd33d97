#:project ../../src/Flink.Kubernetes.HA.Testing/Flink.Kubernetes.HA.Testing.csproj
#:property PublishAot=false
// The API server of tests/check-published.sh: in memory, by HTTPS, until standard input ends. It knows two tokens, and writes the kubeconfig
// of the first to the path that it is given; "ready" on standard output says so.
using Flink.Kubernetes.HA.Testing;

using var server = new InMemoryApiServer();
var tokens = new Dictionary<string, string> { ["of-the-kubeconfig"] = "user", ["of-the-plugin"] = "plugin" };
await using var host = await InMemoryApiServerHost.StartAsync(server, tokens, useTls: true);
host.WriteKubeConfig(args[0], "of-the-kubeconfig");
Console.WriteLine("ready");
await Console.In.ReadToEndAsync();
