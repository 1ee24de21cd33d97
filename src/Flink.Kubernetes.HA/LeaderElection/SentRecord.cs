namespace Flink.Kubernetes.HA.LeaderElection;

/// <summary>One lock record that a term has sent.</summary>
/// <param name="Annotation">The record.</param>
/// <param name="SentAt">When it was sent, on the monotonic clock: a renewal counts from here.</param>
/// <param name="Address">The address that was sent with it.</param>
/// <param name="AddressVersion">How many times the address had been set.</param>
internal sealed record SentRecord(string Annotation, long SentAt, string? Address, long AddressVersion);
