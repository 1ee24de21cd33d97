using System.Text.Json.Nodes;
using Flink.Kubernetes.HA.KubeClient;
using Xunit;

namespace Flink.Kubernetes.HA.Tests.Testing;

public sealed class InMemoryValidationTests : InMemoryCluster
{
    [Theory]
    [InlineData("Upper")]
    [InlineData("-a")]
    [InlineData("a..b")]
    [InlineData("a_b")]
    [InlineData(null)]
    public async Task A_name_that_is_no_subdomain_is_invalid(string? name) =>
        Assert.Equal(KubeFailure.Invalid, (await FailureOfAsync(() => CreateAsync(NewMap(name)))).Failure);

    [Fact]
    public async Task Data_may_have_one_mebibyte_and_no_more()
    {
        await CreateAsync(NewMap("a", ("k", new string('x', 1_048_576))));
        Assert.Equal(KubeFailure.Invalid, (await FailureOfAsync(() => PatchAsync(JsonPatchOperation.Add("/data/l", "y")))).Failure);
        Assert.Equal(1_048_576, (await Client.GetAsync(KubeResources.ConfigMaps, Key, Cancellation)).Data!["k"].Length);
    }

    [Fact]
    public async Task Annotations_may_have_a_quarter_of_that()
    {
        await CreateAsync(Annotated("a", 262_143));
        Assert.Equal(KubeFailure.Invalid, (await FailureOfAsync(() => CreateAsync(Annotated("b", 262_144)))).Failure);

        static ConfigMap Annotated(string name, int length)
        {
            var map = NewMap(name);
            return map with { Metadata = map.Metadata with { Annotations = new Dictionary<string, string> { ["k"] = new('x', length) } } };
        }
    }

    [Theory]
    [InlineData("a b")]
    [InlineData("a/b")]
    [InlineData("..")]
    public async Task A_key_that_is_no_file_name_is_invalid(string key) =>
        Assert.Equal(KubeFailure.Invalid, (await FailureOfAsync(() => CreateAsync(NewMap("a", (key, "v"))))).Failure);

    [Fact]
    public async Task Immutable_data_cannot_be_changed_but_labels_can()
    {
        await CreateAsync(NewMap("a", ("k", "v")) with { Immutable = true });
        Assert.Equal(KubeFailure.Invalid, (await FailureOfAsync(() => PatchAsync(JsonPatchOperation.Replace("/data/k", "w")))).Failure);
        Assert.Equal(KubeFailure.Invalid, (await FailureOfAsync(() => PatchAsync(JsonPatchOperation.Replace("/immutable", false)))).Failure);
        Assert.Equal("b", (await PatchAsync(JsonPatchOperation.Add("/metadata/labels", new JsonObject { ["a"] = "b" }))).Metadata.Labels!["a"]);
    }

    [Fact]
    public async Task The_identity_of_an_object_cannot_be_patched()
    {
        await CreateAsync(NewMap("a", ("k", "v")));
        Assert.Equal(KubeFailure.BadRequest, (await FailureOfAsync(() => PatchAsync(JsonPatchOperation.Replace("/metadata/name", "b")))).Failure);
        Assert.Equal(KubeFailure.BadRequest, (await FailureOfAsync(() => PatchAsync(JsonPatchOperation.Replace("/metadata/namespace", "b")))).Failure);
        Assert.Equal(KubeFailure.Invalid, (await FailureOfAsync(() => PatchAsync(JsonPatchOperation.Replace("/metadata/uid", "b")))).Failure);
        Assert.Equal(KubeFailure.Conflict, (await FailureOfAsync(() => PatchAsync(JsonPatchOperation.Replace("/metadata/resourceVersion", "1")))).Failure);
        Assert.Equal(KubeFailure.Invalid, (await FailureOfAsync(() => PatchAsync(JsonPatchOperation.Replace("/data/k", 5)))).Failure);
    }

    [Theory]
    [InlineData("2025-01-02T03:04:05.123456Z", "2025-01-02T03:04:05.123456Z")]
    [InlineData("2025-01-02T03:04:05.123456+01:00", "2025-01-02T02:04:05.123456Z")]
    [InlineData("2025-01-02T03:04:05Z", null)]
    [InlineData("2025-01-02T03:04:05.123Z", null)]
    [InlineData("2025-01-02T03:04:05.1234567Z", null)]
    [InlineData("2025-01-02T03:04:05.123456", null)]
    public async Task Times_of_a_lease_have_exactly_six_digits(string time, string? stored)
    {
        await Client.CreateAsync(KubeResources.Leases, new Lease { Metadata = new ObjectMeta { Name = "a", Namespace = "default" } }, Cancellation);
        var patch = KubePatch.Merge(new JsonObject { ["spec"] = new JsonObject { ["renewTime"] = time } });
        if (stored is null)
        {
            Assert.Equal(KubeFailure.Invalid, (await FailureOfAsync(() => Client.PatchAsync(KubeResources.Leases, Key, patch, Cancellation))).Failure);
            return;
        }

        var lease = await Client.PatchAsync(KubeResources.Leases, Key, patch, Cancellation);
        Assert.Equal(DateTimeOffset.Parse(stored, System.Globalization.CultureInfo.InvariantCulture), lease.Spec!.RenewTime);
    }

    [Fact]
    public async Task A_lease_lasts_at_least_a_second()
    {
        var lease = new Lease { Metadata = new ObjectMeta { Name = "a", Namespace = "default" }, Spec = new LeaseSpec { LeaseDurationSeconds = 0, HolderIdentity = string.Empty } };
        Assert.Equal(KubeFailure.Invalid, (await FailureOfAsync(() => Client.CreateAsync(KubeResources.Leases, lease, Cancellation))).Failure);
        var stored = await Client.CreateAsync(KubeResources.Leases, lease with { Spec = lease.Spec! with { LeaseDurationSeconds = 1 } }, Cancellation);
        Assert.Equal(string.Empty, stored.Spec!.HolderIdentity);
    }

    [Fact]
    public async Task Fields_that_nobody_knows_survive()
    {
        await Client.CreateAsync(KubeResources.Pods, new Pod { Metadata = new ObjectMeta { Name = "a", Namespace = "default" } }, Cancellation);
        var patch = KubePatch.Merge(new JsonObject { ["spec"] = new JsonObject { ["nodeName"] = "n1" }, ["status"] = new JsonObject { ["phase"] = "Running", ["qosClass"] = "Burstable" } });
        await Client.PatchAsync(KubeResources.Pods, Key, patch, Cancellation);
        var pod = await Client.GetAsync(KubeResources.Pods, Key, Cancellation);
        Assert.Equal("n1", pod.OtherFields!["spec"].GetProperty("nodeName").GetString());
        Assert.Equal("Burstable", pod.Status!.OtherFields!["qosClass"].GetString());
    }
}
