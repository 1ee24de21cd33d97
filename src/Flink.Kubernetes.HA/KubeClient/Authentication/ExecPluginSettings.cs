using System.Text.Json.Nodes;

namespace Flink.Kubernetes.HA.KubeClient.Authentication;

/// <summary>How a kubeconfig wants a credential plugin to be run.</summary>
internal sealed class ExecPluginSettings
{
    public const string V1 = "client.authentication.k8s.io/v1";
    public const string V1Beta1 = "client.authentication.k8s.io/v1beta1";

    /// <summary>Where it is configured, for errors.</summary>
    public required string Origin { get; init; }

    public required string Command { get; init; }

    public required string ApiVersion { get; init; }

    public IReadOnlyList<string> Arguments { get; init; } = [];

    public IReadOnlyList<KeyValuePair<string, string>> Variables { get; init; } = [];

    /// <summary>What the user is to do when the command is not there.</summary>
    public string? InstallHint { get; init; }

    /// <summary>The value of KUBERNETES_EXEC_INFO.</summary>
    public required string ExecInfo { get; init; }

    public static ExecPluginSettings Read(YamlMapping exec, KubeConfigCluster cluster)
    {
        var apiVersion = exec.RequiredText("apiVersion");
        if (apiVersion is not (V1 or V1Beta1))
        {
            throw exec.Error("apiVersion", $"is '{apiVersion}'; {V1} and {V1Beta1} are supported. Update the plugin, and let its tool write the kubeconfig anew.");
        }

        CheckInteractiveMode(exec);
        var command = exec.RequiredText("command");
        return new ExecPluginSettings
        {
            Origin = exec.Origin,
            Command = command.AsSpan().ContainsAny('/', Path.DirectorySeparatorChar) ? exec.Resolve(command) : command,
            ApiVersion = apiVersion,
            Arguments = exec.Texts("args"),
            Variables = [.. exec.Mappings("env").Select(v => KeyValuePair.Create(v.RequiredText("name"), v.Text("value") ?? string.Empty))],
            InstallHint = exec.Text("installHint"),
            ExecInfo = Info(apiVersion, exec.Flag("provideClusterInfo") ? cluster.ToExecInfo() : null),
        };
    }

    private static void CheckInteractiveMode(YamlMapping exec)
    {
        switch (exec.Text("interactiveMode"))
        {
            case null or "Never" or "IfAvailable":
                break;
            case "Always":
                throw exec.Error("interactiveMode", "is Always: the plugin wants to ask a person, and here there is none. Use a credential that needs nobody.");
            case var mode:
                throw exec.Error("interactiveMode", $"is '{mode}'; it must be Never, IfAvailable or Always.");
        }
    }

    private static string Info(string apiVersion, JsonObject? cluster)
    {
        var spec = new JsonObject { ["interactive"] = false };
        if (cluster is not null)
        {
            spec["cluster"] = cluster;
        }

        return new JsonObject { ["kind"] = "ExecCredential", ["apiVersion"] = apiVersion, ["spec"] = spec }.ToJsonString();
    }
}
