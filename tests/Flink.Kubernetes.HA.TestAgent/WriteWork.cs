using System.Globalization;
using System.Net;
using System.Text;
using Flink.Kubernetes.HA.Blobs;
using Flink.Kubernetes.HA.Checkpoints;
using Flink.Kubernetes.HA.Jobs;
using Flink.Kubernetes.HA.LeaderElection;
using Flink.Kubernetes.HA.Maintenance;
using Flink.Kubernetes.HA.StateHandles;
using Flink.Kubernetes.HA.Storage;
using k8s;
using k8s.Autorest;
using k8s.Models;

namespace Flink.Kubernetes.HA.TestAgent;

/// <summary>Tries every kind of write that a term of a Dispatcher or of a JobManager has, all at once; then what only one that has lost may try.</summary>
internal sealed class WriteWork(LeadershipTerm term, string name, KubernetesHaServices services, WriteRecorder recorder, IStateStorage files)
{
    private static readonly JsonStateSerializer<string> Text = new(AgentJsonContext.Default.String);

    private readonly TaggedStorage _storage = new(files);

    public async Task RunAsync()
    {
        recorder.Forget(term.ConfigMap.Name);
        try
        {
            var lanes = term.Component == LeaderComponent.Dispatcher ? await OpenDispatcherAsync() : await OpenJobManagerAsync();
            await Task.WhenAll(lanes.Append(Address()).Select(lane => Task.Run(lane.RunAsync)));
        }
        catch (LeadershipLostException exception)
        {
            // Lost before the stores were open: nothing was tried.
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"ended {term.Component} {term.FencingToken} early {exception.Reason}"));
            return;
        }

        if (!term.IsLeading)
        {
            await DestroyAsync();
            await SendAgainAsync();
        }

        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"ended {term.Component} {term.FencingToken}"));
    }

    private async Task<List<WriteLane>> OpenJobManagerAsync()
    {
        var jobId = CheckpointWork.JobOf(term);
        var handles = await StateHandleStore.OpenAsync(term, _storage, "h-");
        var cleared = await StateHandleStore.OpenAsync(term, _storage, string.Create(CultureInfo.InvariantCulture, $"c{term.FencingToken}-"));
        var checkpoints = await CompletedCheckpointStore<string>.OpenAsync(term, _storage, Text, new CompletedCheckpointStoreOptions { MaximumRetained = 3 });
        var blobs = BlobStore.Open(term, files);
        StateHandle? handle = null;
        StateHandle? batched = null;
        BlobKey? blob = null;
        string? value = null;
        string? together = null;
        return
        [
            new WriteLane(term)
                .Step("add", async tag => { handle = await handles.AddAsync(tag, Bytes(tag)); })
                .Step("replace", async tag => { handle = await handles.ReplaceAsync(handle!, Bytes(tag)); })
                .Step("remove", async tag => { await handles.RemoveAsync(handle!); }),
            new WriteLane(term)
                .Step("fill", async tag => { await cleared.AddAsync(tag, Bytes(tag)); })
                .Step("clear", async tag => { await cleared.ClearAsync(); }),
            new WriteLane(term).Step("batch", async tag =>
            {
                var batch = handles.CreateBatch().Add(tag, new MemoryStream(Bytes(tag))).SetValue(Key("together"), together, tag);
                batched = (await (batched is null ? batch : batch.Remove(batched)).CommitAsync())[0];
                together = tag;
            }),
            new WriteLane(term).Step("value", async tag =>
            {
                await handles.CreateBatch().SetValue(Key("value"), value, tag).CommitAsync();
                value = tag;
            }),
            new WriteLane(term).Step("checkpoint", async tag => (await checkpoints.AddAsync(tag)).Id.ToString(CultureInfo.InvariantCulture)),
            new WriteLane(term).Step("counter", async tag =>
            {
                var id = await checkpoints.Counter.GetAndIncrementAsync();

                // A checkpoint's write tests the counter: if this lane never rested, a checkpoint would hardly ever get through.
                await PauseAsync(TimeSpan.FromMilliseconds(500));
                return id.ToString(CultureInfo.InvariantCulture);
            }),
            new WriteLane(term)
                .Step("put", async tag => { blob = await blobs.PutAsync(jobId, new MemoryStream(Bytes(tag))); })
                .Step("delete", async tag =>
                {
                    await blobs.DeleteAsync(jobId, blob!);
                    await PauseAsync(TimeSpan.FromMilliseconds(10));
                }),
        ];
    }

    private async Task<List<WriteLane>> OpenDispatcherAsync()
    {
        var jobs = await JobRegistry<string>.OpenAsync(term, _storage, Text, new JobRegistryOptions { MaximumCleanResults = 5 });

        // One more than is tidied up, so that there is something to tidy up also when no more can finish.
        var finished = new Queue<JobId>();
        return
        [
            new WriteLane(term)
                .Step("submit", async tag => { await jobs.PutAsync(Job('a', tag), tag); })
                .Step("change", async tag => { await jobs.PutAsync(Job('a', tag), tag); })
                .Step("withdraw", async tag => { await jobs.RemoveAsync(Job('a', tag)); }),
            new WriteLane(term)
                .Step("dirty", async tag => { await jobs.FinishAsync(new JobResult(Job('b', tag), JobStatus.Finished, tag)); })
                .Step("clean", async tag => { await jobs.CleanUpAsync(Job('b', tag)); }),
            new WriteLane(term)
                .Step("finish", async tag =>
                {
                    foreach (var jobId in finished.Count == 0 ? [Job('c', tag), Job('d', tag)] : new[] { Job('c', tag) })
                    {
                        await jobs.FinishAsync(new JobResult(jobId, JobStatus.Failed, tag));
                        finished.Enqueue(jobId);
                    }
                })
                .Step("tidy", async tag =>
                {
                    try
                    {
                        await jobs.CleanUpAsync(finished.Peek());
                        finished.Dequeue();
                    }
                    catch (StateOutcomeUnknownException)
                    {
                        finished.Dequeue();
                        throw;
                    }
                }),
        ];
    }

    private WriteLane Address() => new WriteLane(term).Step("address", async tag =>
    {
        await term.PublishAddressAsync($"http://{name}/{tag}");

        // Each renews the lock, and the other writes have to follow that.
        await PauseAsync(TimeSpan.FromMilliseconds(200));
    });

    /// <summary>What would take everything away, from one that is no longer the leader.</summary>
    private async Task DestroyAsync()
    {
        var lane = new WriteLane(term).Step("sweep", async tag => { await new Sweep(term.Requests, files, term.ConfigMap.Namespace, term.ClusterId).DeleteAsync(term); });
        if (term.Component == LeaderComponent.Dispatcher)
        {
            lane.Step("destroy", async tag => { await ClusterCleanUp.Open(term, files).RunAsync(JobStatus.Finished); });
        }

        await lane.RunOnceAsync(1);
    }

    /// <summary>Sends the last write of each kind again, past all that this process knows: now only the API server can refuse it.</summary>
    private async Task SendAgainAsync()
    {
        var key = term.ConfigMap;
        foreach (var (kind, patch) in recorder.LastOf(key.Name))
        {
            var begun = TimeProvider.System.GetTimestamp();
            string outcome;
            try
            {
                await services.Client.CoreV1.PatchNamespacedConfigMapAsync(new V1Patch(patch, V1Patch.PatchType.JsonPatch), key.Name, key.Namespace);
                outcome = "acked";
            }
            catch (HttpOperationException exception)
            {
                outcome = exception.Response.StatusCode == HttpStatusCode.UnprocessableEntity ? "Invalid" : $"{exception.Response.StatusCode}";
            }

            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"again {term.Component} {term.FencingToken} {kind} {outcome} {begun}"));
        }
    }

    private Task PauseAsync(TimeSpan time) => Task.Delay(time, term.Stopping).ContinueWith(_ => { }, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);

    private static byte[] Bytes(string tag) => Encoding.UTF8.GetBytes(tag);

    private string Key(string kind) => string.Create(CultureInfo.InvariantCulture, $"{kind}-{term.FencingToken}");

    /// <summary>A job of its own for each number of a lane of a term.</summary>
    private JobId Job(char lane, string tag) =>
        JobId.Parse(string.Create(CultureInfo.InvariantCulture, $"{lane}{term.FencingToken:x15}{long.Parse(tag.Split('-')[2], CultureInfo.InvariantCulture):x16}"));
}
