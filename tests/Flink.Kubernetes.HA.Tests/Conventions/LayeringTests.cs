using Flink.Kubernetes.HA.Tests.Conventions.Samples.Above;

namespace Flink.Kubernetes.HA.Tests.Conventions;

/// <summary>Arrows between the folders, which are namespaces, point one way.</summary>
public sealed class LayeringTests
{
    private const string Root = "Flink.Kubernetes.HA";
    private const string Samples = "Flink.Kubernetes.HA.Tests.Conventions.Samples";

    private static readonly string[] Below = ["Vocabulary", "Diagnostics"];
    private static readonly string[] BelowElection = [.. Below, "ConfigMaps", "ConfigMaps.Watching", "WireFormat"];
    private static readonly string[] BelowHandles = [.. Below, "ConfigMaps", "WireFormat", "Storage", "LeaderElection"];
    private static readonly string[] BelowStores = [.. BelowHandles, "StateHandles"];

    private static readonly Layers Core = new(
        typeof(KubernetesHaServices).Assembly,
        [
            new("Vocabulary", [], Root),
            new("Diagnostics", [], $"{Root}.Diagnostics"),
            new("Storage", Below, $"{Root}.Storage"),
            // Names of ConfigMaps are keys of ConfigMaps, which ConfigMaps must know too: a value that does nothing.
            new("WireFormat", [.. Below, $"{Root}.ConfigMaps.{nameof(ObjectKey)}"], $"{Root}.WireFormat"),
            new("ConfigMaps", [.. Below, "k8s"], $"{Root}.ConfigMaps"),
            new("ConfigMaps.Watching", [.. Below, "ConfigMaps"], $"{Root}.ConfigMaps.Watching"),
            // The options and CreateHaClient are in the namespace where users look for them.
            new("Connection", [.. Below, "k8s"], $"{Root}.Connection", $"{Root}.ApiServerOptions", $"{Root}.KubernetesClientConfigurationExtensions"),
            new("LeaderElection", BelowElection, $"{Root}.LeaderElection"),
            new("LeaderRetrieval", BelowElection, $"{Root}.LeaderRetrieval"),
            new("StateHandles", BelowHandles, $"{Root}.StateHandles"),
            new("CleanUp", BelowStores, $"{Root}.CleanUp"),
            new("Blobs", BelowStores, $"{Root}.Blobs"),
            new("Jobs", [.. BelowStores, "CleanUp", "Blobs"], $"{Root}.Jobs"),
            new("Checkpoints", [.. BelowStores, "Jobs"], $"{Root}.Checkpoints"),
            new("Maintenance", [.. BelowStores, "CleanUp", "Blobs", "Jobs"], $"{Root}.Maintenance"),
            new(
                "Front",
                [
                    .. BelowElection, .. BelowStores, "LeaderRetrieval", "Jobs", "Checkpoints", "Blobs", "CleanUp", "Maintenance", "Connection",
                    "k8s.IKubernetes", "k8s.Kubernetes", "k8s.KubernetesClientConfiguration",
                ],
                $"{Root}.Hosting",
                "Microsoft.Extensions.DependencyInjection",
                $"{Root}.IHighAvailabilityServices",
                $"{Root}.KubernetesHaServices",
                $"{Root}.KubernetesHaOptions",
                $"{Root}.KubernetesHaOptionsValidator",
                $"{Root}.ILeaderService"),
        ],
        typeof(k8s.Kubernetes).Assembly.GetExportedTypes());

    [Fact]
    public void Every_type_is_in_a_layer() => Core.Homeless.ShouldBeNone("a new folder needs a layer in this test");

    [Fact]
    public void Arrows_between_the_folders_of_the_library_point_one_way() => Core.WrongArrows.ShouldBeNone("a folder uses only what is below it");

    [Fact]
    public void A_wrong_arrow_is_found_however_it_is_written()
    {
        var types = typeof(Thing).Assembly.GetTypes().Where(type => !type.IsNested && type.FullName!.StartsWith(Samples, StringComparison.Ordinal));
        var arrows = new Layers(
            typeof(Thing).Assembly,
            [new("Below", [], $"{Samples}.Below"), new("Above", ["Below", "k8s.IKubernetes"], $"{Samples}.Above")],
            typeof(k8s.IKubernetes),
            typeof(k8s.Kubernetes)).WrongArrows.ToList();

        arrows.Select(arrow => arrow.Split(": ")[1]).Should().BeEquivalentTo(
            types.Where(type => type.Name.StartsWith("Wrong", StringComparison.Ordinal)).Select(type => type.FullName));
        arrows.Should().Contain($"Above: {Samples}.Above.WrongForeignType: Has dependency on: k8s.Kubernetes");
    }

    [Fact]
    public void A_type_that_is_in_no_layer_is_found() =>
        new Layers(typeof(Thing).Assembly, []).Homeless.Should().Contain($"{typeof(Thing).FullName} is in no layer");
}
