namespace Flink.Kubernetes.HA;

/// <summary>Stands in the service collection for each leader service, so that a component gets only one.</summary>
internal sealed record LeaderServiceRegistration(LeaderComponent Component, Type Service);
