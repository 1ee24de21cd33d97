using System.Collections.ObjectModel;
using k8s.Models;

namespace Flink.Kubernetes.HA.ConfigMaps;

/// <summary>A ConfigMap as observed in one response or event; immutable, so that watchers can share it.</summary>
/// <remarks>The official models are mutable and may have null members; they do not leave <see cref="ConfigMapRequests"/>.</remarks>
internal sealed record ConfigMap(ObjectKey Key)
{
    public static readonly IReadOnlyDictionary<string, string> NoText = ReadOnlyDictionary<string, string>.Empty;
    public static readonly IReadOnlyDictionary<string, ReadOnlyMemory<byte>> NoBytes = ReadOnlyDictionary<string, ReadOnlyMemory<byte>>.Empty;

    /// <summary>The identity of the object; one that was re-created under the same name has another UID.</summary>
    public string? Uid { get; init; }

    /// <summary>The version of the stored object: opaque, compared for equality only.</summary>
    public string? ResourceVersion { get; init; }

    /// <summary>When the server first stored the object, by the server's clock.</summary>
    public DateTimeOffset? CreationTimestamp { get; init; }

    public IReadOnlyDictionary<string, string> Labels { get; init; } = NoText;

    public IReadOnlyDictionary<string, string> Annotations { get; init; } = NoText;

    /// <summary>The text entries; empty if only the metadata was requested.</summary>
    public IReadOnlyDictionary<string, string> Data { get; init; } = NoText;

    public IReadOnlyDictionary<string, ReadOnlyMemory<byte>> BinaryData { get; init; } = NoBytes;

    /// <summary>The spec, if the object is a Lease: the watches read Leases and Pods by the same code, and those have no data.</summary>
    public LeaseSpec? Lease { get; init; }

    /// <summary>The containers, if the object is a Pod.</summary>
    public IReadOnlyList<PodContainer>? Containers { get; init; }

    public string? Annotation(string name) => Annotations.GetValueOrDefault(name);

    /// <returns><see langword="null"/> if the object has no name, UID or resource version. An API server stores no such object, and a write
    /// on condition of an empty version would be unconditional.</returns>
    public static ConfigMap? From(V1ConfigMap? item) => From(item?.Metadata) is { } configMap
        ? configMap with
        {
            Data = Copy(item!.Data, static text => text),
            BinaryData = Copy(item.BinaryData, static bytes => (ReadOnlyMemory<byte>)bytes),
        }
        : null;

    public static ConfigMap? From(V1Lease? item) => From(item?.Metadata) is { } lease ? lease with { Lease = LeaseSpec.From(item!.Spec) } : null;

    public static ConfigMap? From(V1Pod? item) => From(item?.Metadata) is { } pod ? pod with { Containers = PodContainer.AllOf(item!.Status) } : null;

    private static ConfigMap? From(V1ObjectMeta? metadata) => metadata is not { Name.Length: > 0, Uid.Length: > 0, ResourceVersion.Length: > 0 }
        ? null
        : new ConfigMap(new ObjectKey(metadata.NamespaceProperty ?? string.Empty, metadata.Name))
        {
            Uid = metadata.Uid,
            ResourceVersion = metadata.ResourceVersion,
            CreationTimestamp = metadata.CreationTimestamp is { } created ? new DateTimeOffset(created.ToUniversalTime()) : null,
            Labels = Copy(metadata.Labels, static text => text),
            Annotations = Copy(metadata.Annotations, static text => text),
        };

    private static ReadOnlyDictionary<string, TResult> Copy<T, TResult>(IDictionary<string, T>? entries, Func<T, TResult> convert)
        where T : class
    {
        if (entries is null or { Count: 0 })
        {
            return ReadOnlyDictionary<string, TResult>.Empty;
        }

        var copy = new Dictionary<string, TResult>(entries.Count, StringComparer.Ordinal);
        foreach (var (key, value) in entries)
        {
            if (value is not null)
            {
                copy[key] = convert(value);
            }
        }

        return copy.AsReadOnly();
    }
}
