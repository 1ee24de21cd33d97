namespace Flink.Kubernetes.HA.Testing.ApiServer;

/// <summary>Which objects of a resource a list or watch is about.</summary>
internal sealed class ObjectSelector(string? namespaceName, LabelSelector labels, FieldSelector fields)
{
    public static ObjectSelector Parse(string? namespaceName, string? labelSelector, string? fieldSelector) =>
        new(namespaceName, LabelSelector.Parse(labelSelector), FieldSelector.Parse(fieldSelector));

    public bool Matches(StoredObject item) =>
        (namespaceName is null || item.Key.Namespace == namespaceName) && fields.Matches(item.Key) && labels.Matches(item.Labels);
}
