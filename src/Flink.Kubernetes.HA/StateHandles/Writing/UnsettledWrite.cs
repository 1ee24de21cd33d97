using Flink.Kubernetes.HA.StateHandles.Changes;
using Flink.Kubernetes.HA.WireFormat;

namespace Flink.Kubernetes.HA.StateHandles.Writing;

/// <summary>A write that was sent and whose answer was lost.</summary>
/// <param name="Changes">What it changes.</param>
/// <param name="Fence">The lock record that it tests: once another stands, it can't take effect any more, for no record stands twice.</param>
/// <param name="Contents">The data behind it.</param>
/// <param name="Cause">Why the answer is missing.</param>
internal sealed record UnsettledWrite(ChangeSet Changes, string Fence, StoredContents Contents, Exception Cause)
{
    /// <summary>Judges by one read, in which the lock and the entries are of the same moment.</summary>
    /// <param name="content">The read.</param>
    /// <param name="uid">The ConfigMap that the term was won in.</param>
    /// <param name="isOurs">Whether the lock record that stands is one of the term.</param>
    /// <param name="identity">Who holds the lock, as long as the term lasts.</param>
    public WriteVerdict Judge(ConfigMapContent content, string? uid, bool isOurs, string identity)
    {
        if (content.Uid != uid)
        {
            return WriteVerdict.Replaced;
        }

        // What only this write can have left there is proof. Anything else is, as long as nobody but this term can have written.
        if (Changes.HasLeftItsMarkOn(content) || (isOurs && Changes.IsInForce(content)))
        {
            return WriteVerdict.Written;
        }

        if (content.Fence == Fence)
        {
            return WriteVerdict.MayComeLate;
        }

        if (isOurs)
        {
            return WriteVerdict.NotWritten;
        }

        // A record that was edited or taken away may be put back as it was, and the write with it. One of another holder is final.
        var record = LeaderElectionRecord.Parse(content.Fence);
        return record is { IsPresent: true, IsReadable: true } && record.HolderIdentity != identity ? WriteVerdict.Overtaken : WriteVerdict.Edited;
    }
}
