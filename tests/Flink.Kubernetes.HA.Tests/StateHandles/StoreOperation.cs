namespace Flink.Kubernetes.HA.Tests.StateHandles;

/// <summary>One operation of a store, and what is there before and after it: x and y, and the counter is 1.</summary>
/// <param name="Name">Its name, for the test's.</param>
/// <param name="RunAsync">Does it.</param>
/// <param name="After">What is there when it has taken effect; as <see cref="Before"/> where it is refused.</param>
/// <param name="Removes">Whether a failure of the storage comes after it has taken effect.</param>
internal sealed record StoreOperation(string Name, Func<HaWorld, CancellationToken, Task> RunAsync, string After, bool Removes = false)
{
    public const string Before = "x=x0,y=y0,counter=1";

    public static IReadOnlyList<StoreOperation> All { get; } =
    [
        new("add", (world, token) => world.Store.AddAsync("n", HaWorld.Stream("n1"), token), "n=n1,x=x0,y=y0,counter=1"),
        new("add over live", (world, token) => world.Store.AddAsync("x", HaWorld.Stream("x1"), token), Before),
        new("replace", (world, token) => world.Store.ReplaceAsync(world.Added["x"], HaWorld.Stream("x1"), token), "x=x1,y=y0,counter=1"),
        new("replace by name", (world, token) => world.Store.ReplaceAsync("x", HaWorld.Stream("x1"), token), "x=x1,y=y0,counter=1"),
        new("remove", (world, token) => world.Store.RemoveAsync(world.Added["x"], token), "y=y0,counter=1", Removes: true),
        new("remove by name", (world, token) => world.Store.RemoveAsync("x", token), "y=y0,counter=1", Removes: true),
        new("remove nothing", (world, token) => world.Store.RemoveAsync("n", token), Before),
        new("clear", (world, token) => world.Store.ClearAsync(token), "counter=1", Removes: true),
        new("set value", (world, token) => Batch(world).CommitAsync(token), "x=x0,y=y0,counter=2"),
        new(
            "checkpoint",
            (world, token) => Batch(world).Add("n", HaWorld.Stream("n1")).Remove(world.Added["x"]).CommitAsync(token),
            "n=n1,y=y0,counter=2",
            Removes: true),
        new(
            "batch of all",
            (world, token) => world.Store.CreateBatch()
                .Add("n", HaWorld.Stream("n1")).Replace(world.Added["x"], HaWorld.Stream("x1")).Remove(world.Added["y"]).CommitAsync(token),
            "n=n1,x=x1,counter=1",
            Removes: true),
        new("open", OpenAsync, Before),
        new("recover", RecoverAsync, Before),
    ];

    /// <summary>Begins with what is there before each.</summary>
    public static async Task<HaWorld> StartAsync()
    {
        var world = await HaWorld.WithStoreAsync();
        await world.AddAsync("x", "x0");
        await world.AddAsync("y", "y0");
        await world.SetAsync("counter", null, "1");
        return world;
    }

    private static StateHandleBatch Batch(HaWorld world) => world.Store.CreateBatch().SetValue("counter", "1", "2");

    private static Task<StateHandleStore> OpenAsync(HaWorld world, CancellationToken token) =>
        StateHandleStore.OpenAsync(world.Store.Term, world.Storage, HaWorld.Prefix, token);

    private static async Task RecoverAsync(HaWorld world, CancellationToken token)
    {
        var opened = await OpenAsync(world, token);
        foreach (var name in (string[])["x", "y"])
        {
            var text = Encoding.UTF8.GetString(await opened.Reader.ReadBytesAsync(world.Added[name], token));
            if (text != $"{name}0")
            {
                throw new InvalidDataException($"{name} was recovered as {text}.");
            }
        }
    }
}
