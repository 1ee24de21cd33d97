// One server and one disk: what runs at once only makes the time limits of the cases tighter.
[assembly: CollectionBehavior(DisableTestParallelization = true)]
