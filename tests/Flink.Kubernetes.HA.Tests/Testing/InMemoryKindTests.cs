using System.Net;
using k8s;
using k8s.Models;

namespace Flink.Kubernetes.HA.Tests.Testing;

/// <summary>Leases and Pods, where they differ from ConfigMaps.</summary>
public sealed class InMemoryKindTests : InMemoryCluster
{
    [Fact]
    public async Task A_lease_is_created_read_listed_patched_watched_and_deleted()
    {
        var lease = new V1Lease { Metadata = new V1ObjectMeta { Name = "a" }, Spec = new V1LeaseSpec { HolderIdentity = "me", LeaseDurationSeconds = 15 } };
        (await Client.CoordinationV1.CreateNamespacedLeaseAsync(lease, Space, cancellationToken: Cancellation)).Spec.HolderIdentity.Should().Be("me");
        using var watch = await WatchLines.OpenAsync(Client.HttpClient, new Uri(Client.BaseUri, "/apis/coordination.k8s.io/v1/leases?watch=1"));

        (await PatchLeaseAsync("""{"spec":{"holderIdentity":"you"}}""")).Spec.HolderIdentity.Should().Be("you");
        (await Client.CoordinationV1.ListLeaseForAllNamespacesAsync(cancellationToken: Cancellation)).Items.Should().ContainSingle();
        (await Client.CoordinationV1.ReadNamespacedLeaseAsync("a", Space, cancellationToken: Cancellation)).Spec.LeaseDurationSeconds.Should().Be(15);
        (await Client.CoordinationV1.DeleteNamespacedLeaseAsync("a", Space, cancellationToken: Cancellation)).Details.Group.Should().Be("coordination.k8s.io");

        (await watch.NextAsync()).Should().Be(("ADDED", "a"));
        (await watch.NextAsync()).Should().Be(("MODIFIED", "a"));
        (await watch.NextAsync()).Should().Be(("DELETED", "a"));
    }

    [Fact]
    public async Task An_update_of_a_lease_names_its_version_or_creates_it()
    {
        var lease = new V1Lease { Metadata = new V1ObjectMeta { Name = "a" } };

        using var created = await Client.CoordinationV1.ReplaceNamespacedLeaseWithHttpMessagesAsync(lease, "a", Space, cancellationToken: Cancellation);

        created.Response.StatusCode.Should().Be(HttpStatusCode.Created);
        (await RefusalOfAsync(() => ReplaceAsync(lease))).Reason.Should().Be("Invalid");
        (await ReplaceAsync(created.Body)).Metadata.Uid.Should().Be(created.Body.Metadata.Uid);
        await Client.CoordinationV1.DeleteNamespacedLeaseAsync("a", Space, cancellationToken: Cancellation);
        (await RefusalOfAsync(() => ReplaceAsync(created.Body))).Reason.Should().Be("Conflict");

        Task<V1Lease> ReplaceAsync(V1Lease item) => Client.CoordinationV1.ReplaceNamespacedLeaseAsync(item, "a", Space, cancellationToken: Cancellation);
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
        await Client.CoordinationV1.CreateNamespacedLeaseAsync(new V1Lease { Metadata = new V1ObjectMeta { Name = "a" } }, Space, cancellationToken: Cancellation);
        var patch = () => PatchLeaseAsync($$$"""{"spec":{"renewTime":"{{{time}}}"}}""");

        if (stored is null)
        {
            (await RefusalOfAsync(patch)).Reason.Should().Be("Invalid");
        }
        else
        {
            (await patch()).Spec.RenewTime.Should().Be(DateTimeOffset.Parse(stored, System.Globalization.CultureInfo.InvariantCulture).UtcDateTime);
        }
    }

    [Fact]
    public async Task A_whole_second_from_the_model_is_refused_because_the_official_client_writes_it_without_a_fraction()
    {
        var lease = new V1Lease { Metadata = new V1ObjectMeta { Name = "a" }, Spec = new V1LeaseSpec { RenewTime = new DateTime(2025, 1, 2, 3, 4, 5, DateTimeKind.Utc) } };

        (await RefusalOfAsync(() => Client.CoordinationV1.CreateNamespacedLeaseAsync(lease, Space, cancellationToken: Cancellation)))
            .Should().Be((HttpStatusCode.BadRequest, "BadRequest"));
    }

    [Fact]
    public async Task A_lease_lasts_at_least_a_second()
    {
        var lease = new V1Lease { Metadata = new V1ObjectMeta { Name = "a" }, Spec = new V1LeaseSpec { LeaseDurationSeconds = 0 } };

        (await RefusalOfAsync(() => Client.CoordinationV1.CreateNamespacedLeaseAsync(lease, Space, cancellationToken: Cancellation))).Reason.Should().Be("Invalid");
    }

    [Fact]
    public async Task A_pod_begins_as_pending_whatever_its_status_says()
    {
        var pod = NewPod();
        pod.Status = new V1PodStatus { Phase = "Failed" };

        (await Client.CoreV1.CreateNamespacedPodAsync(pod, Space, cancellationToken: Cancellation)).Status.Phase.Should().Be("Pending");
    }

    [Fact]
    public async Task The_status_of_a_pod_is_written_by_its_subresource_alone_which_writes_no_spec()
    {
        await CreatePodAsync();
        var patch = new V1Patch("""{"metadata":{"labels":{"x":"y"}},"spec":{"nodeName":"n"},"status":{"phase":"Running"}}""", V1Patch.PatchType.MergePatch);

        var byStatus = await Client.CoreV1.PatchNamespacedPodStatusAsync(patch, "p", Space, cancellationToken: Cancellation);
        byStatus.Should().BeEquivalentTo(new { Status = new { Phase = "Running" }, Spec = new { NodeName = (string?)null } });
        byStatus.Metadata.Labels.Should().ContainKey("x");
        var failed = new V1Patch("""{"spec":{"nodeName":"n"},"status":{"phase":"Failed"}}""", V1Patch.PatchType.MergePatch);
        var itself = await Client.CoreV1.PatchNamespacedPodAsync(failed, "p", Space, cancellationToken: Cancellation);
        itself.Should().BeEquivalentTo(new { Status = new { Phase = "Running" }, Spec = new { NodeName = "n" } });
        itself.Status.Phase = "Succeeded";
        itself.Spec.NodeName = "m";
        var replaced = await Client.CoreV1.ReplaceNamespacedPodStatusAsync(itself, "p", Space, cancellationToken: Cancellation);
        replaced.Should().BeEquivalentTo(new { Status = new { Phase = "Succeeded" }, Spec = new { NodeName = "n" } });
    }

    [Fact]
    public async Task A_subresource_is_a_resource_of_its_own_to_RBAC()
    {
        await CreatePodAsync();
        Server.Deny("admin", "patch", "pods");

        await Client.CoreV1.PatchNamespacedPodStatusAsync(new V1Patch("{}", V1Patch.PatchType.MergePatch), "p", Space, cancellationToken: Cancellation);
        Server.Deny("admin", "get", "pods/status");

        (await RefusalOfAsync(() => Client.CoreV1.ReadNamespacedPodStatusAsync("p", Space, cancellationToken: Cancellation))).Reason.Should().Be("Forbidden");
        Server.Requests.Select(request => request.Resource).Should().Equal("pods", "pods/status", "pods/status");
    }

    [Fact]
    public async Task A_deleted_pod_is_the_answer_to_its_delete()
    {
        var pod = await CreatePodAsync();

        var deleted = await Client.CoreV1.DeleteNamespacedPodAsync("p", Space, cancellationToken: Cancellation);

        deleted.Should().BeEquivalentTo(new { Kind = "Pod", Metadata = new { pod.Metadata.Uid, DeletionTimestamp = Time.GetUtcNow().UtcDateTime, DeletionGracePeriodSeconds = 0 } });
        (await RefusalOfAsync(() => Client.CoreV1.ReadNamespacedPodAsync("p", Space, cancellationToken: Cancellation))).Reason.Should().Be("NotFound");
    }

    [Fact]
    public async Task Fields_of_a_pod_that_nobody_knows_survive()
    {
        await CreatePodAsync();
        var patch = new V1Patch("""{"spec":{"unknown":{"deep":[1,2]}}}""", V1Patch.PatchType.MergePatch);
        await Client.CoreV1.PatchNamespacedPodAsync(patch, "p", Space, cancellationToken: Cancellation);

        var json = await Client.HttpClient.GetStringAsync(new Uri(Client.BaseUri, $"/api/v1/namespaces/{Space}/pods/p"), Cancellation);

        json.Should().Contain("\"unknown\":{\"deep\":[1,2]}");
    }

    private static V1Pod NewPod() => new()
    {
        Metadata = new V1ObjectMeta { Name = "p" },
        Spec = new V1PodSpec { Containers = [new V1Container { Name = "c", Image = "i" }] },
    };

    private Task<V1Pod> CreatePodAsync() => Client.CoreV1.CreateNamespacedPodAsync(NewPod(), Space, cancellationToken: Cancellation);

    private Task<V1Lease> PatchLeaseAsync(string patch) =>
        Client.CoordinationV1.PatchNamespacedLeaseAsync(new V1Patch(patch, V1Patch.PatchType.MergePatch), "a", Space, cancellationToken: Cancellation);
}
