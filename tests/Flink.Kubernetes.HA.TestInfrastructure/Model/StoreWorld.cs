using k8s.Models;

namespace Flink.Kubernetes.HA.TestInfrastructure.Model;

/// <summary>An API server, a storage, and two processes that contend for the lock.</summary>
internal abstract class StoreWorld : IAsyncDisposable
{
    /// <summary>The prefix of the entries.</summary>
    public const string Prefix = "item-";

    public abstract IReadOnlyList<StoreProcess> Processes { get; }

    /// <summary>Reads without faults and without leading.</summary>
    public abstract StateHandleReader Reader { get; }

    public abstract IStateStorage Data { get; }

    public abstract string Logs { get; }

    public int Takeovers { get; private set; }

    protected abstract k8s.IKubernetes Admin { get; }

    protected abstract ObjectKey Key { get; }

    public abstract Task UntilAsync(Func<bool> condition, string what);

    /// <summary>Lets all that is late come in.</summary>
    public abstract Task LapseAsync();

    public async Task WhileAsync(Task task, string what)
    {
        await UntilAsync(() => task.IsCompleted, what);
        await task;
    }

    /// <summary>Whoever leads, as soon as someone does.</summary>
    /// <param name="after">The fencing token that it must have passed.</param>
    public async Task<StoreLeader> LeadAsync(long after = 0)
    {
        while (true)
        {
            (StoreProcess Process, LeadershipTerm Term)? found = null;
            await UntilAsync(
                () =>
                {
                    found = Processes.Where(process => process.Leads?.FencingToken > after)
                        .Select(process => ((StoreProcess, LeadershipTerm)?)(process, process.Leads!))
                        .MaxBy(candidate => candidate!.Value.Item2.FencingToken);
                    return found is not null;
                },
                $"someone leads after term {after}");
            var open = Task.Run(() => found!.Value.Process.OpenAsync(found.Value.Term), TestContext.Current.CancellationToken);
            try
            {
                await WhileAsync(open, "the store was opened");
                return await open;
            }
            catch (LeadershipLostException)
            {
                // Over before it was open: whoever comes next.
            }
        }
    }

    /// <summary>Ends the term of a leader; returns when another term has begun.</summary>
    public async Task TurnAsync(Turn turn, StoreLeader leader)
    {
        Takeovers++;
        switch (turn)
        {
            case Turn.Crash or Turn.Vanish:
                leader.Process.Network.Partition(silent: turn == Turn.Vanish);
                await LeadAsync(leader.Token);
                break;
            case Turn.HandOver:
                var disposed = leader.Term.DisposeAsync().AsTask();
                await LeadAsync(leader.Token);
                await WhileAsync(disposed, "the term was ended");
                break;
            case Turn.TearLock:
                leader.Process.Network.SilenceWatches();
                await TearLockAsync();
                await LeadAsync(leader.Token);
                Forgive();
                break;
        }
    }

    public abstract ValueTask DisposeAsync();

    /// <summary>That two believe to lead for a while is what a torn lock is for.</summary>
    protected virtual void Forgive()
    {
    }

    private async Task TearLockAsync()
    {
        var patch = new JsonObject
        {
            ["metadata"] = new JsonObject { ["annotations"] = new JsonObject { [HaNames.LockAnnotation] = """{"holderIdentity":"","leaseDurationSeconds":1}""" } },
        };
        using var response = await Admin.CoreV1.PatchNamespacedConfigMapWithHttpMessagesAsync(
            new V1Patch(patch.ToJsonString(), V1Patch.PatchType.MergePatch), Key.Name, Key.Namespace, cancellationToken: TestContext.Current.CancellationToken);
    }
}
