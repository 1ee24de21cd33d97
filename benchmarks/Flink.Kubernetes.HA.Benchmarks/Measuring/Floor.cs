namespace Flink.Kubernetes.HA.Benchmarks.Measuring;

/// <summary>What no election by watch can beat on this API server at this moment: raw requests, without any client library.</summary>
internal static class Floor
{
    private const int WarmUp = 20;

    /// <summary>One conditional write until its answer, and until a watcher has read its event.</summary>
    public static async Task<(Samples Write, Samples Event)> WriteAsync(string kubeConfig, int rounds)
    {
        using var api = new RawApi(kubeConfig);
        using var stop = new CancellationTokenSource();
        var name = await NewObjectAsync(api, "n", "0");
        var read = new Dictionary<string, TaskCompletionSource<double>>();
        for (var i = 0; i <= rounds + WarmUp; i++)
        {
            read[$"{i}"] = new TaskCompletionSource<double>(TaskCreationOptions.RunContinuationsAsynchronously);
        }

        var watching = Task.Run(async () =>
        {
            await foreach (var (at, state) in api.WatchAsync(RawApi.ConfigMaps, name, false, stop.Token))
            {
                read[state["data"]!["n"]!.GetValue<string>()].TrySetResult(at);
            }
        });
        await read["0"].Task;
        var (write, seen) = (new Samples(), new Samples());
        for (var i = 1; i <= rounds + WarmUp; i++)
        {
            var begin = Clock.Now;
            await api.SwapAsync(name, "n", $"{i - 1}", $"{i}");
            var done = Clock.Now;
            var at = await read[$"{i}"].Task;
            if (i > WarmUp)
            {
                write.Add(done - begin);
                seen.Add(at - begin);
            }
        }

        await stop.CancelAsync();
        await watching;
        await DeleteAsync(api, name);
        return (write, seen);
    }

    /// <summary>From the start of a releasing write until a standby, woken by its own watch, has its conditional write confirmed. Every standby
    /// writes as soon as it has seen the release; one of them succeeds.</summary>
    public static async Task<Samples> HandOverAsync(string kubeConfig, int standbys, int rounds)
    {
        using var leader = new RawApi(kubeConfig);
        using var stop = new CancellationTokenSource();
        var name = await NewObjectAsync(leader, "holder", "nobody");
        var (holder, aware, samples) = ("nobody", new SemaphoreSlim(0), new Samples());
        var won = (Name: "nobody", At: 0.0);
        var watching = Enumerable.Range(0, standbys).Select(i => Task.Run(() => StandByAsync($"standby-{i}"))).ToList();
        await AllAwareAsync();
        for (var round = 0; round < rounds + WarmUp; round++)
        {
            await Clock.PassAsync(0.02);
            var begin = Clock.Now;
            await leader.SwapAsync(name, "holder", holder, string.Empty);
            await AllAwareAsync();
            holder = won.Name;
            if (round >= WarmUp)
            {
                samples.Add(won.At - begin);
            }
        }

        await stop.CancelAsync();
        await Task.WhenAll(watching);
        await DeleteAsync(leader, name);
        return samples;

        async Task AllAwareAsync()
        {
            for (var i = 0; i < standbys; i++)
            {
                await aware.WaitAsync();
            }
        }

        async Task StandByAsync(string me)
        {
            using var api = new RawApi(kubeConfig);
            var last = string.Empty;
            await foreach (var (_, state) in api.WatchAsync(RawApi.ConfigMaps, name, false, stop.Token))
            {
                var seen = state["data"]!["holder"]!.GetValue<string>();
                if (seen.Length > 0 && seen != last)
                {
                    last = seen;
                    aware.Release();
                }
                else if (seen.Length == 0)
                {
                    last = string.Empty;
                    if (await api.SwapAsync(name, "holder", string.Empty, me))
                    {
                        won = (me, Clock.Now);
                    }
                }
            }
        }
    }

    /// <summary>Two conditional writes to each of so many objects, 50 at a time: what releasing and taking all of them costs at least.</summary>
    public static async Task<double> WritesAsync(string kubeConfig, int objects)
    {
        using var api = new RawApi(kubeConfig);
        var names = Enumerable.Range(0, objects).Select(_ => $"floor-{Guid.NewGuid():N}").ToList();
        var atATime = new ParallelOptions { MaxDegreeOfParallelism = 50 };
        await Parallel.ForEachAsync(names, atATime, async (name, _) => await api.CreateAsync(name, "n", "0"));
        var begin = Clock.Now;
        await Parallel.ForEachAsync(names, atATime, async (name, _) => await api.SwapAsync(name, "n", "0", "1"));
        await Parallel.ForEachAsync(names, atATime, async (name, _) => await api.SwapAsync(name, "n", "1", "2"));
        var took = Clock.Now - begin;
        await Parallel.ForEachAsync(names, atATime, async (name, _) => await DeleteAsync(api, name));
        return took;
    }

    private static async Task<string> NewObjectAsync(RawApi api, string key, string value)
    {
        var name = $"floor-{Guid.NewGuid():N}";
        await api.CreateAsync(name, key, value);
        return name;
    }

    private static Task DeleteAsync(RawApi api, string name) => api.CallAsync(HttpMethod.Delete, $"{RawApi.ConfigMaps}/{name}");
}
