using Flink.Kubernetes.HA.ConfigMaps;
using Flink.Kubernetes.HA.LeaderElection.Locking;

namespace Flink.Kubernetes.HA.Tests.LeaderElection;

/// <summary>The rule for taking a lock, where the same text is stored again: by nobody, or by a copy that was restored twice.</summary>
public sealed class LeaseObserverTests
{
    private const string Copy = """{"holderIdentity":"other","leaseDurationSeconds":15,"renewTime":"2026-01-01T00:00:00Z"}""";

    private readonly ManualTimeProvider _time = new();
    private readonly LeaseObserver _lease;

    public LeaseObserverTests() => _lease = new LeaseObserver(new LeaderElectionOptions(), "self", _time);

    [Theory]
    [InlineData(null, "a read")]
    [InlineData(9L, "a watch that has missed states")]
    public void The_same_record_in_a_later_version_after_missed_states_is_held_for_a_lease_from_then(long? sequence, string because)
    {
        Observe("5", 1);
        _time.Advance(TimeSpan.FromSeconds(14));

        // In between another contender may have taken the lock, and the copy was restored over its record.
        Observe("8", sequence);

        _lease.Remaining().Should().Be(TimeSpan.FromSeconds(15), because);
    }

    [Theory]
    [InlineData("5", null, "nobody has written")]
    [InlineData("5", 9L, "nobody has written")]
    [InlineData("8", 2L, "the watch has shown every write, and none was to the lock")]
    public void The_same_record_is_not_a_renewal_where_nothing_can_have_been_missed(string version, long? sequence, string because)
    {
        Observe("5", 1);
        _time.Advance(TimeSpan.FromSeconds(14));

        Observe(version, sequence);

        _lease.Remaining().Should().Be(TimeSpan.FromSeconds(1), because);
    }

    private void Observe(string version, long? sequence) => _lease.Observe(
        LockState.Of(new ConfigMap(HaWorld.Key)
        {
            Uid = "1",
            ResourceVersion = version,
            Annotations = new Dictionary<string, string> { [HaNames.LockAnnotation] = Copy },
        }),
        _time.GetTimestamp(),
        sequence);
}
