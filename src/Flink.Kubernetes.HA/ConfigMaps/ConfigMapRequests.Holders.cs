using k8s;
using k8s.Models;

namespace Flink.Kubernetes.HA.ConfigMaps;

/// <summary>The requests for what stands beside a lock: the Lease of its holder's process, its Pod, and Events.</summary>
internal sealed partial class ConfigMapRequests
{
    /// <exception cref="KubernetesHaException">The Lease does not exist, or the request failed.</exception>
    public Task<ConfigMap> GetLeaseAsync(ObjectKey key, CancellationToken cancellationToken)
    {
        key.ThrowIfInvalid();
        var request = WatchedResource.Leases.Request("get", key.Namespace, key.Name);
        return ReadAsync(
            request,
            token => _client.CoordinationV1.ReadNamespacedLeaseWithHttpMessagesAsync(key.Name, key.Namespace, cancellationToken: token),
            item => ToLease(request, item),
            cancellationToken);
    }

    /// <exception cref="KubernetesHaException">The Pod does not exist, or the request failed.</exception>
    public Task<ConfigMap> GetPodAsync(ObjectKey key, CancellationToken cancellationToken)
    {
        key.ThrowIfInvalid();
        var request = WatchedResource.Pods.Request("get", key.Namespace, key.Name);
        return ReadAsync(
            request,
            token => _client.CoreV1.ReadNamespacedPodWithHttpMessagesAsync(key.Name, key.Namespace, cancellationToken: token),
            item => item?.Kind == "Pod" && ConfigMap.From(item) is { } pod && pod.Key == key ? pod : throw NotThe($"Pod {key}", request, Describe(item?.Kind, item?.Metadata)),
            cancellationToken);
    }

    public Task<ConfigMap> CreateLeaseAsync(
        ObjectKey key, IReadOnlyDictionary<string, string> labels, LeaseSpec spec, (string Name, string Uid)? pod, CancellationToken cancellationToken)
    {
        key.ThrowIfInvalid();
        var lease = new V1Lease
        {
            ApiVersion = $"{V1Lease.KubeGroup}/{V1Lease.KubeApiVersion}",
            Kind = V1Lease.KubeKind,
            Metadata = new V1ObjectMeta
            {
                Name = key.Name,
                NamespaceProperty = key.Namespace,
                Labels = new Dictionary<string, string>(labels),
                OwnerReferences = pod is { } owner ? [new V1OwnerReference { ApiVersion = "v1", Kind = "Pod", Name = owner.Name, Uid = owner.Uid }] : null,
            },
            Spec = new V1LeaseSpec { HolderIdentity = spec.HolderIdentity, LeaseDurationSeconds = (int)Math.Ceiling(spec.Duration!.Value.TotalSeconds) },
        };
        var request = WatchedResource.Leases.Request("create", key.Namespace, key.Name);
        return WriteAsync(
            request,
            token => _client.CoordinationV1.CreateNamespacedLeaseWithHttpMessagesAsync(lease, key.Namespace, fieldManager: FieldManager, cancellationToken: token),
            item => ToLease(request, item),
            cancellationToken);
    }

    public Task<ConfigMap> PatchLeaseAsync(ObjectKey key, ConfigMapPatch patch, CancellationToken cancellationToken)
    {
        key.ThrowIfInvalid();
        var request = WatchedResource.Leases.Request("patch", key.Namespace, key.Name);
        var body = patch.Body;
        return WriteAsync(
            request,
            token => _client.CoordinationV1.PatchNamespacedLeaseWithHttpMessagesAsync(
                body, key.Name, key.Namespace, fieldManager: FieldManager, cancellationToken: token),
            item => ToLease(request, item),
            cancellationToken);
    }

    public Task DeleteLeaseAsync(ObjectKey key, string uid, CancellationToken cancellationToken)
    {
        key.ThrowIfInvalid();
        var request = WatchedResource.Leases.Request("delete", key.Namespace, key.Name);
        var options = new V1DeleteOptions { Preconditions = new V1Preconditions { Uid = uid } };
        return WriteAsync(
            request,
            token => _client.CoordinationV1.DeleteNamespacedLeaseWithHttpMessagesAsync(key.Name, key.Namespace, options, cancellationToken: token),
            static _ => true,
            cancellationToken);
    }

    /// <summary>Creates an Event as client-go's recorder does, without the time with microseconds: the official client writes a whole second in a
    /// form that the server refuses.</summary>
    public Task CreateEventAsync(ElectionEvent content, string identity, CancellationToken cancellationToken)
    {
        var key = content.ConfigMap;
        key.ThrowIfInvalid();
        var request = new ApiRequest("create", key.Namespace) { Plural = "events" };
        var time = content.Time.UtcDateTime.AddTicks(-(content.Time.Ticks % TimeSpan.TicksPerSecond));
        var body = new Corev1Event
        {
            ApiVersion = Corev1Event.KubeApiVersion,
            Kind = Corev1Event.KubeKind,
            Metadata = new V1ObjectMeta { Name = $"{key.Name}.{Guid.NewGuid():N}", NamespaceProperty = key.Namespace },
            InvolvedObject = new V1ObjectReference { ApiVersion = "v1", Kind = "ConfigMap", Name = key.Name, NamespaceProperty = key.Namespace, Uid = content.Uid },
            Type = content.IsWarning ? "Warning" : "Normal",
            Reason = "LeaderElection",
            Message = content.Message,
            Source = new V1EventSource { Component = FieldManager },
            ReportingComponent = FieldManager,
            ReportingInstance = identity.Length <= 128 ? identity : identity[..128],
            FirstTimestamp = time,
            LastTimestamp = time,
            Count = 1,
        };
        return WriteAsync(
            request,
            token => _client.CoreV1.CreateNamespacedEventWithHttpMessagesAsync(body, key.Namespace, fieldManager: FieldManager, cancellationToken: token),
            static _ => true,
            cancellationToken);
    }

    private Task<ConfigMapPage> ListHoldersAsync(ApiRequest request, ConfigMapSelection selection, CancellationToken cancellationToken) =>
        selection.Resource == WatchedResource.Leases
            ? ReadAsync(
                request,
                token => _client.CoordinationV1.ListNamespacedLeaseWithHttpMessagesAsync(
                    request.Namespace,
                    fieldSelector: selection.FieldSelector,
                    labelSelector: selection.LabelSelector,
                    limit: selection.Limit,
                    continueParameter: selection.Continue,
                    cancellationToken: token),
                list => ToPage(request, "Lease", list, list?.Items, ConfigMap.From),
                cancellationToken)
            : ReadAsync(
                request,
                token => _client.CoreV1.ListNamespacedPodWithHttpMessagesAsync(
                    request.Namespace,
                    fieldSelector: selection.FieldSelector,
                    labelSelector: selection.LabelSelector,
                    limit: selection.Limit,
                    continueParameter: selection.Continue,
                    cancellationToken: token),
                list => ToPage(request, "Pod", list, list?.Items, ConfigMap.From),
                cancellationToken);

    private ConfigMap ToLease(ApiRequest request, V1Lease? item) =>
        item?.Kind == "Lease" && ConfigMap.From(item) is { } lease && lease.Key == new ObjectKey(request.Namespace, request.Name!)
            ? lease
            : throw NotThe($"Lease {request.Namespace}/{request.Name}", request, Describe(item?.Kind, item?.Metadata));
}
