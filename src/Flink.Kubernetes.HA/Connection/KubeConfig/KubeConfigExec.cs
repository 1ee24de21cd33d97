using System.Text.Json.Nodes;
using System.Text;
using Flink.Kubernetes.HA.Connection.Credentials;

namespace Flink.Kubernetes.HA.Connection.KubeConfig;

/// <summary>Reads how a kubeconfig wants a credential plugin to be run.</summary>
internal static class KubeConfigExec
{
    public static ExecPluginSettings Read(YamlMapping exec, YamlMapping cluster, ApiServerConfiguration configuration)
    {
        var apiVersion = exec.RequiredText("apiVersion");
        if (apiVersion is not (ExecPluginSettings.V1 or ExecPluginSettings.V1Beta1))
        {
            throw exec.Error(
                "apiVersion",
                $"is '{apiVersion}'; {ExecPluginSettings.V1} and {ExecPluginSettings.V1Beta1} are supported. "
                + "Update the plugin, and let its tool write the kubeconfig again.");
        }

        CheckInteractiveMode(exec);
        var command = exec.RequiredText("command");
        var spec = new JsonObject { ["interactive"] = false };
        if (exec.Flag("provideClusterInfo"))
        {
            if (cluster.Mappings("extensions").Any(e => e.Text("name") == "client.authentication.k8s.io/exec"))
            {
                throw exec.Error(
                    "provideClusterInfo", "is true and the cluster's extensions have a configuration for the plugin, which is not supported. Give it in args or env.");
            }

            spec["cluster"] = ClusterInfo(cluster, configuration);
        }

        return new ExecPluginSettings
        {
            Origin = exec.Origin,
            Command = command.AsSpan().ContainsAny('/', Path.DirectorySeparatorChar) ? exec.Resolve(command) : command,
            ApiVersion = apiVersion,
            Arguments = exec.Texts("args"),
            Variables = [.. exec.Mappings("env").Select(v => KeyValuePair.Create(v.RequiredText("name"), v.Text("value") ?? string.Empty))],
            InstallHint = exec.Text("installHint"),
            ExecInfo = new JsonObject { ["kind"] = "ExecCredential", ["apiVersion"] = apiVersion, ["spec"] = spec }.ToJsonString(),
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

    private static JsonObject ClusterInfo(YamlMapping cluster, ApiServerConfiguration configuration)
    {
        var authorities = cluster.Text("certificate-authority-data")
            ?? (configuration.AuthorityFile is { } file ? Convert.ToBase64String(Encoding.UTF8.GetBytes(file.ReadText())) : null);
        var info = new JsonObject { ["server"] = cluster.Text("server") };
        AddIfPresent(info, "tls-server-name", configuration.TlsServerName);
        AddIfPresent(info, "certificate-authority-data", authorities);
        AddIfPresent(info, "proxy-url", cluster.Text("proxy-url"));
        if (configuration.SkipTlsVerify)
        {
            info["insecure-skip-tls-verify"] = true;
        }

        return info;
    }

    private static void AddIfPresent(JsonObject info, string name, string? value)
    {
        if (value is not null)
        {
            info[name] = value;
        }
    }
}

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
}
