namespace Flink.Kubernetes.HA.LeaderElection;

/// <summary>Spreads the standbys that hear of a free lock at the same moment, so that few of them write in vain.</summary>
/// <remarks>
/// A standby does not know how many others there are, and asking would cost requests. It learns: alone it never waits;
/// each lost race doubles the slots that it draws from, each race won halves them. The one that draws the first slot writes
/// at once, the others hear of it by watch before their turn.
/// </remarks>
internal sealed class TakeoverStagger(TimeSpan slot, Random random)
{
    private const int MaximumSlots = 32;

    private int _slots = 1;

    public TimeSpan NextDelay() => slot * random.Next(_slots);

    public void RaceLost() => _slots = Math.Min(_slots * 2, MaximumSlots);

    public void RaceWon() => _slots = Math.Max(_slots / 2, 1);
}
