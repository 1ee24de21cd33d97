using Flink.Kubernetes.HA.WireFormat;

namespace Flink.Kubernetes.HA.StateHandles.Writing;

/// <summary>A write whose response was lost.</summary>
/// <param name="Changes">The changes.</param>
/// <param name="Fence">The lock record that the write tests. Once another record is stored the write can no longer take effect, because
/// no record is written twice.</param>
/// <param name="Cause">Why there is no response.</param>
internal sealed record UnsettledWrite(ChangeSet Changes, string Fence, Exception Cause)
{
    /// <summary>Determines the outcome by one read, in which the lock and the entries are of the same moment.</summary>
    /// <param name="content">The ConfigMap that was read.</param>
    /// <param name="uid">The UID of the ConfigMap in which the lock was acquired.</param>
    /// <param name="isOurs">Whether the stored lock record is one of the term.</param>
    /// <param name="identity">The identity of the term in the lock.</param>
    public WriteVerdict Judge(ConfigMapContent content, string? uid, bool isOurs, string identity)
    {
        // 1. A re-created ConfigMap proves nothing about a write to its predecessor.
        if (content.Uid != uid)
        {
            return WriteVerdict.Replaced;
        }

        // 2. A text that only this write can have produced is proof, even if another leader has written since. The expected result is
        //    proof only while the lock is ours: then nobody but this term can have written it.
        if (Changes.IsProvenBy(content) || (isOurs && Changes.IsStoredIn(content)))
        {
            return WriteVerdict.Written;
        }

        // 3. Not there, but the record that it tests is stored: it may be delayed in a proxy or the server, and still land.
        if (content.Fence == Fence)
        {
            return WriteVerdict.MayComeLate;
        }

        // 4. Not there, and the lock was renewed since: what it tests is gone for good.
        if (isOurs)
        {
            return WriteVerdict.NotWritten;
        }

        // 5. A record that was edited or removed may be restored with the text that the write tests, and the write may then land. A record of
        //    another holder is final.
        var record = LeaderElectionRecord.Parse(content.Fence);
        return record is { IsPresent: true, IsReadable: true } && record.HolderIdentity != identity ? WriteVerdict.Overtaken : WriteVerdict.Edited;
    }
}

/// <summary>The outcome of a write whose response was lost, according to one read.</summary>
internal enum WriteVerdict
{
    /// <summary>The write has taken effect.</summary>
    Written,

    /// <summary>The write has not taken effect and never will.</summary>
    NotWritten,

    /// <summary>The write has not taken effect but still may: the lock is as it was when the write was sent.</summary>
    MayComeLate,

    /// <summary>The write has not taken effect, and someone else has edited the lock: wait until the lock is restored or taken.</summary>
    Edited,

    /// <summary>Another process has taken the lock. The write can no longer take effect; it may have done so and been undone. No entry
    /// points to its data.</summary>
    Overtaken,

    /// <summary>The ConfigMap was deleted or re-created: the outcome cannot be determined.</summary>
    Replaced,
}
